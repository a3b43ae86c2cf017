"""The doctor: everything that can be found of a gateway, as values; whoever shows them words them (texts/signs.py)."""
