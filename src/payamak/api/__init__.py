"""The HTTP edge: one file per outside dialect, and the server, forms and authentication they share."""
