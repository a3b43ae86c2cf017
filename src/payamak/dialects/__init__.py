"""The outside APIs: one file or folder each, pure translation; no rule, no retry, no storage."""
