-- Runs before the new code; the older code cannot go on. Takes some 2 s for each million ids.
-- The callers' own ids of messages: each of a kind, and a word (domain/own_ids.py). The same word of two kinds is two ids.
-- SOAP's CheckIds were the only kind, and were numbers.
CREATE TABLE own_id (
  account_id  INTEGER NOT NULL,
  kind        TEXT NOT NULL CHECK (kind IN ('check', 'reference')),
  key         TEXT NOT NULL,
  message_id  INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  digest      BLOB,
  PRIMARY KEY (account_id, kind, key)
) WITHOUT ROWID;
INSERT INTO own_id (account_id, kind, key, message_id, accepted_at, digest)
  SELECT account_id, 'check', CAST(check_id AS TEXT), message_id, accepted_at, digest FROM check_id
  ORDER BY account_id, CAST(check_id AS TEXT);
DROP TABLE check_id;
