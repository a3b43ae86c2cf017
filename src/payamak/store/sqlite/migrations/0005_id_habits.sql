-- Runs before the new code; the old code does not look at it.
-- What was learned of each upstream's ids, and how many of its unmatched receipts were removed for their age. One row
-- for each upstream; written while something is learned, not with every receipt.
CREATE TABLE id_habit (
  upstream       TEXT PRIMARY KEY,
  judged         INTEGER NOT NULL DEFAULT 0,
  same           INTEGER NOT NULL DEFAULT 0,
  hex_to_decimal INTEGER NOT NULL DEFAULT 0,
  decimal_to_hex INTEGER NOT NULL DEFAULT 0,
  contradictions INTEGER NOT NULL DEFAULT 0,
  unlearned      INTEGER NOT NULL DEFAULT 0,
  settled        TEXT NOT NULL DEFAULT 'auto' CHECK (settled IN ('auto', 'same', 'hex_to_decimal', 'decimal_to_hex')),
  removed        INTEGER NOT NULL DEFAULT 0,
  removed_until  INTEGER
) WITHOUT ROWID;

-- Why a receipt waits; '' for those that were kept before this was asked.
ALTER TABLE receipt ADD COLUMN why TEXT NOT NULL DEFAULT '';

-- An intermediate receipt that came before its answer waits like any other: it was shown nowhere and never removed.
UPDATE receipt SET standing = 'unmatched' WHERE standing = 'intermediate' AND message_id IS NULL;

-- An id may have a thousand receipts that nobody claims: those from before the attempt are not looked through.
DROP INDEX receipt_unmatched;
CREATE INDEX receipt_unmatched ON receipt (upstream, operator_key, received_at) WHERE standing = 'unmatched';
-- What is looked at again when more is known of the upstream's ids.
CREATE INDEX receipt_conflict ON receipt (upstream)
  WHERE standing = 'unmatched' AND (why = 'two_readings' OR why = 'other_reading');
-- What speaks against a settled habit.
CREATE INDEX receipt_missed ON receipt (upstream, received_at) WHERE standing = 'unmatched' AND why = 'other_reading';
-- The oldest ones, which are removed first.
CREATE INDEX receipt_old ON receipt (received_at) WHERE standing = 'unmatched';
