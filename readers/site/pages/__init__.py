"""One module a page, or a kind of page; each returns pages of one release."""
