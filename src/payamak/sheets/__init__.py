"""Lists of people as files: csv and spreadsheets, read into rows of texts, and written so that they open harmlessly.

`sheet.read_sheet` is the one reader: of the command line, and of whoever takes a file from a customer.
"""
