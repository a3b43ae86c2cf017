-- Runs before the new code; the older code can go on beside it. Takes about a second for each million unread messages.

-- A message of a handset that a link has brought which does not count for its line (Site.counts): kept and shown, not
-- read, not relayed. What came before was not asked about.
ALTER TABLE received ADD COLUMN is_foreign INTEGER NOT NULL DEFAULT 0;
DROP INDEX received_unread;
CREATE INDEX received_unread ON received (line, id) WHERE read_at IS NULL AND is_foreign = 0;
CREATE INDEX received_foreign ON received (link, line, received_at) WHERE is_foreign = 1;

-- An opt-out that such a message asked for holds all the same, and is marked.
ALTER TABLE optout ADD COLUMN is_doubtful INTEGER NOT NULL DEFAULT 0;
CREATE INDEX optout_doubtful ON optout (recipient) WHERE is_doubtful = 1;
