-- Runs before the new code; the old code does not look at it.
-- The mark of the store: who it is and how far it has come. The same mark is kept in a file beside the store, so that a
-- start sees whether the two belong together (docs/decisions: the mark beside the store). A store from before has none.
CREATE TABLE mark (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  value    TEXT NOT NULL DEFAULT '',
  -- What the file held when the value was drawn: a process that dies before it writes the file leaves it so.
  beside   TEXT NOT NULL DEFAULT '',
  moved_at INTEGER NOT NULL DEFAULT 0,
  -- The transaction that drew it; one after it moves the mark again.
  batch    INTEGER NOT NULL DEFAULT 0,
  -- 1 in a backup, until it is served.
  is_copy  INTEGER NOT NULL DEFAULT 0
);
INSERT INTO mark (one) VALUES (1);

-- Each time that the store was held to be a copy that was put back; the last one counts.
CREATE TABLE restored (
  id             INTEGER PRIMARY KEY,
  why            TEXT NOT NULL CHECK (why = 'asked' OR why = 'copy' OR why = 'mark'),
  noticed_at     INTEGER NOT NULL,
  known_until_at INTEGER NOT NULL,
  message_id     INTEGER NOT NULL,
  received_id    INTEGER NOT NULL,
  ids_above      INTEGER NOT NULL,
  events_above   INTEGER NOT NULL,
  -- The last message that was looked at while holding; NULL when all are held.
  held_to        INTEGER,
  resumed_at     INTEGER
);

-- What is held; empty but after a restore.
CREATE INDEX message_restored ON message (line, account_id, id) WHERE reason = 'restored' AND is_final = 0;
