"""Pure functions from table to table: no I/O, no clock, no settings."""
