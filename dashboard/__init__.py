"""The web page on top of the readers: pages, controls and links."""
