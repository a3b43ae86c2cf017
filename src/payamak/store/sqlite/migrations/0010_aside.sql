-- Runs before the new code; the older code does not look at it.

-- Rows whose handling failed by a bug of ours, so that the rest of the work goes past them: which work, the row's id (of
-- a line, an upstream its name), what failed and where, and when it is tried again. `version` of a message, so that what
-- has changed since is left alone.
CREATE TABLE aside (
  kind     TEXT NOT NULL,
  key      NOT NULL,
  version  INTEGER NOT NULL DEFAULT 0,
  error    TEXT NOT NULL,
  place    TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  times    INTEGER NOT NULL CHECK (times > 0),
  again_at INTEGER NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID;

-- What an operator brought or answered and we could not handle: the octets as they came (of an answer its outcomes, as
-- JSON), acknowledged, for a person to look at. The oldest go when there are too many.
CREATE TABLE unreadable (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  kind       TEXT NOT NULL CHECK (kind IN ('receipt', 'mo', 'answer')),
  link       TEXT NOT NULL,
  message_id INTEGER,
  octets     BLOB NOT NULL CHECK (length(octets) <= 65536),
  error      TEXT NOT NULL,
  place      TEXT NOT NULL,
  came_at    INTEGER NOT NULL
);
