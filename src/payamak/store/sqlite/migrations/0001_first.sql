-- Runs before the new code; there is no older one.
-- Instants are whole milliseconds since 1970 UTC, money is whole rial.
-- CHECKs on hot columns are chains of OR: for an IN of more than two values SQLite builds a table at every
-- statement, which made an update of a message cost half as much again.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES ('batch', 0), ('config_version', 0), ('intake_is_suspended', 0);

-- Accounts, lines and links as typed documents (docs/decisions: site configuration).
CREATE TABLE config (
  kind TEXT NOT NULL CHECK (kind IN ('account', 'line', 'link')),
  name TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;

-- The money of an account: what it may spend and what is set aside for messages under way.
-- Available may fall below zero only by a message that is settled after its end (P5, P8).
CREATE TABLE account (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  username  TEXT NOT NULL UNIQUE,
  available INTEGER NOT NULL DEFAULT 0,
  reserved  INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0)
);

CREATE TABLE message (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id       INTEGER NOT NULL,
  recipient        TEXT NOT NULL CHECK (recipient GLOB '989[0-9]*' AND length(recipient) = 12),
  plan             TEXT NOT NULL,
  line             TEXT NOT NULL,
  lane             INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 2),
  source           TEXT NOT NULL,
  accepted_at      INTEGER NOT NULL,
  deadline_at      INTEGER NOT NULL CHECK (deadline_at > accepted_at),
  due_at           INTEGER NOT NULL,
  changed_at       INTEGER NOT NULL,
  state            TEXT NOT NULL CHECK (state = 'queued' OR state = 'sending' OR state = 'enroute' OR state = 'delivered'
                     OR state = 'undeliverable' OR state = 'rejected' OR state = 'expired' OR state = 'cancelled'
                     OR state = 'unknown'),
  reason           TEXT NOT NULL,
  code             INTEGER,
  step             INTEGER NOT NULL CHECK (step >= 0),
  tries            INTEGER NOT NULL CHECK (tries >= 0),
  parts            TEXT NOT NULL CHECK (parts NOT GLOB '*[^wsatduerok/]*'),
  was_taken        INTEGER NOT NULL,
  was_settled_late INTEGER NOT NULL,
  copies           INTEGER NOT NULL,
  reserved         INTEGER NOT NULL CHECK (reserved >= 0),
  charged          INTEGER NOT NULL CHECK (charged >= 0),
  is_settled       INTEGER NOT NULL,
  is_final         INTEGER NOT NULL,
  version          INTEGER NOT NULL,
  is_leased        INTEGER NOT NULL,
  CHECK (is_leased = 0 OR state IN ('queued', 'sending')),
  CHECK (is_final = 0 OR reserved = 0),
  CHECK (is_final = ((state <> 'queued' AND state <> 'sending' AND state <> 'enroute') OR reason = 'no_receipts'))
);
INSERT INTO sqlite_sequence (name, seq) VALUES ('message', 1000);

-- What waits, in the order in which it is claimed.
CREATE INDEX message_ready ON message (line, lane, account_id, due_at, id) WHERE state = 'queued' AND is_leased = 0;
-- What has a deadline or a receipt to wait for; by line, for lines differ in how long they wait for a receipt.
CREATE INDEX message_open ON message (state, line, deadline_at) WHERE is_final = 0;
CREATE INDEX message_recipient ON message (recipient, id);

-- The parts of every attempt: the row is written by the commit that precedes the octets (P3).
CREATE TABLE part (
  message_id   INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
  step         INTEGER NOT NULL,
  try_no       INTEGER NOT NULL,
  part         INTEGER NOT NULL,
  link         TEXT NOT NULL,
  upstream     TEXT NOT NULL,
  on_wire_at   INTEGER NOT NULL,
  answer       TEXT CHECK (answer = 'taken' OR answer = 'later' OR answer = 'opted_out' OR answer = 'refused'
                           OR answer = 'ambiguous'),
  status       INTEGER,
  code         INTEGER,
  operator_id  TEXT,
  operator_key TEXT,
  answered_at  INTEGER,
  receipt      TEXT CHECK (receipt GLOB '[duerok]'),
  receipt_stat TEXT,
  receipt_err  TEXT,
  receipt_at   INTEGER,
  PRIMARY KEY (message_id, step, try_no, part)
) WITHOUT ROWID;
-- The newest one first: operators' ids recur.
CREATE INDEX part_operator ON part (upstream, operator_key, answered_at) WHERE operator_key IS NOT NULL;
-- The few whose answer was lost: a receipt without a match looks for its part among them (P3).
CREATE INDEX part_lost ON part (upstream, on_wire_at) WHERE answer = 'ambiguous' AND receipt IS NULL;

-- Receipts that are not the first one of a known part: early, unmatched, doubled, late (P8). Nothing is thrown away.
CREATE TABLE receipt (
  id           INTEGER PRIMARY KEY,
  received_at  INTEGER NOT NULL,
  upstream     TEXT NOT NULL,
  link         TEXT NOT NULL,
  operator_id  TEXT NOT NULL,
  operator_key TEXT NOT NULL,
  operator_keys TEXT NOT NULL,
  line         TEXT,
  recipient    TEXT,
  part_state   TEXT,
  stat         TEXT NOT NULL,
  err          TEXT,
  code         INTEGER,
  standing     TEXT NOT NULL CHECK (standing IN ('unmatched', 'matched', 'repeated', 'intermediate')),
  message_id   INTEGER
);
CREATE INDEX receipt_unmatched ON receipt (upstream, operator_key) WHERE standing = 'unmatched';
CREATE INDEX receipt_message ON receipt (message_id) WHERE message_id IS NOT NULL;

-- Double entry: each row moves an amount from one purse of the account to another (P5).
CREATE TABLE ledger (
  id         INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  message_id INTEGER,
  kind       TEXT NOT NULL CHECK (kind = 'reserve' OR kind = 'settle' OR kind = 'release' OR kind = 'refund' OR kind = 'credit'
                                    OR kind = 'opening'),
  source     TEXT NOT NULL CHECK (source = 'available' OR source = 'reserved' OR source = 'revenue' OR source = 'funding'),
  target     TEXT NOT NULL CHECK (target = 'reserved' OR target = 'revenue' OR target = 'available' OR target = 'funding'),
  amount     INTEGER NOT NULL CHECK (amount > 0),
  note       TEXT,
  CHECK (target <> source)
);
CREATE INDEX ledger_opening ON ledger (account_id, source, target) WHERE kind = 'opening';
CREATE INDEX ledger_message ON ledger (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE optout (
  recipient  TEXT NOT NULL,
  line       TEXT NOT NULL,
  code       INTEGER NOT NULL CHECK (code IN (27, 33)),
  source     TEXT NOT NULL CHECK (source IN ('imported', 'learned', 'hand')),
  learned_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (recipient, line)
) WITHOUT ROWID;
-- What can be forgotten: an imported list of millions that never expires is not looked through every second.
CREATE INDEX optout_expires ON optout (expires_at) WHERE expires_at IS NOT NULL;
