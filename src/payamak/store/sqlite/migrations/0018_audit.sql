-- Runs before the new code; the older code does not look at it. Takes no longer for a larger store.

-- What people did by hand: a row for each thing that an act was about, written by the transaction that did it. `act` is
-- one for all rows and all transactions of one act; `count` grows with each of these.
CREATE TABLE audit (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  act     INTEGER NOT NULL,
  who     TEXT NOT NULL,
  command TEXT NOT NULL,
  reason  TEXT NOT NULL,
  what    TEXT NOT NULL,
  about   TEXT NOT NULL,
  "before" TEXT NOT NULL,
  "after"  TEXT NOT NULL,
  count   INTEGER NOT NULL,
  UNIQUE (act, what, about)
);
CREATE INDEX audit_at ON audit (at);
