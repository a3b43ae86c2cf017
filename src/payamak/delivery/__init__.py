"""The back: take what was accepted, submit it, follow its answers and receipts."""
