"""One module per source: download bytes, parse them to a contract table."""
