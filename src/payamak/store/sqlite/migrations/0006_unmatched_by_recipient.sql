-- Runs before the new code; the old code does not look at it.
-- Receipts that wait, by recipient: a lost answer looks for the receipt that came before it was given up.
CREATE INDEX receipt_waiting ON receipt (recipient, upstream, received_at) WHERE standing = 'unmatched';
-- The reference that a receipt echoes, kept for the same look-up: one that names another message must not be guessed away.
ALTER TABLE receipt ADD COLUMN reference INTEGER;
