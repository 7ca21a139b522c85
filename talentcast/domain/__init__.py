"""What talentcast talks about: values, table contracts, checks and errors. Pure: no I/O."""
