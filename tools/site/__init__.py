"""The documentation as a site: `make docs` writes build/site, which is read from the disk and asks no other host."""
