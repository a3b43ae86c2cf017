-- Runs before the new code; the older code does not look at it. Reads the ledger through once, for the index.

-- Under which reference of whoever pays an entry was made by hand: the same one is not entered a second time.
ALTER TABLE ledger ADD COLUMN reference TEXT;
CREATE UNIQUE INDEX ledger_reference ON ledger (account_id, reference) WHERE reference IS NOT NULL;
