-- Runs before the new code; the older code can go on beside it. Takes about a second for each million opt-outs.

-- What handsets sent (MO). A line that is not configured is kept as it came.
-- Each queue (target, sender) is posted in order: only its first waiting row has a next_at.
CREATE TABLE received (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  upstream      TEXT NOT NULL,
  link          TEXT NOT NULL,
  line          TEXT NOT NULL,
  sender        TEXT NOT NULL,
  text          TEXT NOT NULL,
  received_at   INTEGER NOT NULL,
  is_complete   INTEGER NOT NULL,
  read_at       INTEGER,
  relay         TEXT NOT NULL CHECK (relay IN ('none', 'waiting', 'done', 'dead')),
  keyword       TEXT NOT NULL DEFAULT '',
  target        TEXT NOT NULL,
  tries         INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  waiting_since INTEGER NOT NULL,
  next_at       INTEGER CHECK (next_at IS NULL OR relay = 'waiting'),
  note          TEXT NOT NULL DEFAULT '',
  reply_id      INTEGER
);
INSERT INTO sqlite_sequence (name, seq) VALUES ('received', 1000);

CREATE INDEX received_line ON received (line, received_at);
CREATE INDEX received_unread ON received (line, id) WHERE read_at IS NULL;
CREATE INDEX received_queue ON received (target, sender, id) WHERE relay = 'waiting';
CREATE INDEX received_due ON received (target, next_at, id) WHERE next_at IS NOT NULL;

-- The parts as they came: those that wait for the others of their message, and, without their octets, those of the last
-- minutes, by which a repeated one is known.
CREATE TABLE received_part (
  id          INTEGER PRIMARY KEY,
  digest      BLOB NOT NULL,
  session     TEXT NOT NULL,
  upstream    TEXT NOT NULL,
  link        TEXT NOT NULL,
  line        TEXT NOT NULL,
  sender      TEXT NOT NULL,
  reference   INTEGER,
  total       INTEGER NOT NULL,
  part        INTEGER NOT NULL CHECK (part BETWEEN 1 AND total),
  alphabet    TEXT NOT NULL,
  octets      BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  due_at      INTEGER NOT NULL,
  received_id INTEGER
);
CREATE INDEX received_part_digest ON received_part (digest, received_at);
CREATE UNIQUE INDEX received_part_open ON received_part (upstream, line, sender, reference, total, part)
  WHERE received_id IS NULL;
CREATE INDEX received_part_due ON received_part (due_at) WHERE received_id IS NULL;
CREATE INDEX received_part_old ON received_part (received_at) WHERE received_id IS NOT NULL;

-- Opt-outs have one more source, the handset itself; SQLite changes a CHECK only by a new table.
CREATE TABLE optout_new (
  recipient  TEXT NOT NULL,
  line       TEXT NOT NULL,
  code       INTEGER NOT NULL CHECK (code IN (27, 33)),
  source     TEXT NOT NULL CHECK (source IN ('imported', 'learned', 'hand', 'handset')),
  learned_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (recipient, line)
) WITHOUT ROWID;
INSERT INTO optout_new SELECT recipient, line, code, source, learned_at, expires_at FROM optout;
DROP TABLE optout;
ALTER TABLE optout_new RENAME TO optout;
CREATE INDEX optout_expires ON optout (expires_at) WHERE expires_at IS NOT NULL;
