"""Named populations: one YAML file each says what is counted, how, and by whom."""
