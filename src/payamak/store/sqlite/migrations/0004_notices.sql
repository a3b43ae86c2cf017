-- Runs before the new code; the older code can go on beside it, then its changes of state are told to nobody.
-- What webhooks tell: one row for each change of a message's state, written by the transaction that makes it, if the
-- account has a webhook. A row goes with its message. Without the recipient, which the message has.
-- A waiting row without next_at comes after the row before it, which then waits too.
CREATE TABLE notice (
  message_id    INTEGER NOT NULL,
  sequence      INTEGER NOT NULL CHECK (sequence > 0),
  account_id    INTEGER NOT NULL,
  at            INTEGER NOT NULL,
  state         TEXT NOT NULL,
  reason        TEXT NOT NULL,
  told          INTEGER NOT NULL,
  code          INTEGER,
  line          TEXT NOT NULL,
  step          INTEGER NOT NULL,
  was_taken     INTEGER NOT NULL,
  charged       INTEGER NOT NULL,
  post          TEXT NOT NULL CHECK (post = 'waiting' OR post = 'done' OR post = 'dead'),
  tries         INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  waiting_since INTEGER NOT NULL,
  next_at       INTEGER CHECK (next_at IS NULL OR post = 'waiting'),
  posted_at     INTEGER,
  note          TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (message_id, sequence)
) WITHOUT ROWID;
-- What has its turn, by target: a target with many is one range that the others do not go through.
CREATE INDEX notice_due ON notice (account_id, next_at) WHERE next_at IS NOT NULL;
-- What has not arrived, for people and for the metrics.
CREATE INDEX notice_open ON notice (account_id, post, at) WHERE post <> 'done';

-- The targets that answered 410: nothing is posted to that URL until it is changed, or a person replays.
CREATE TABLE webhook_gone (
  account_id INTEGER PRIMARY KEY,
  url        TEXT NOT NULL,
  at         INTEGER NOT NULL
);
