"""What pages and reports say about a release: tables, odds and sentences, without any layout."""
