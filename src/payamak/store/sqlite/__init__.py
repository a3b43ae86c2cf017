"""The store on one SQLite file: files, locks, mark, the one writer."""
