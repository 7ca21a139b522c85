"""Where bytes are kept: a folder, or a prefix in an object store, by the same few calls."""
