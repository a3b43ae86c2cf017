-- Runs before the new code; the older code does not look at its tables. Its indexes take some seconds for each million
-- of messages.

-- People of the panel. `key` is the name as names are compared.
CREATE TABLE panel_user (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  name               TEXT NOT NULL,
  key                TEXT NOT NULL UNIQUE,
  password_hash      TEXT NOT NULL,
  credential_version INTEGER NOT NULL,
  account_id         INTEGER,
  role               TEXT NOT NULL CHECK (role IN ('owner', 'sender', 'viewer', 'clerk', 'operator', 'administrator',
                       'observer')),
  is_active          INTEGER NOT NULL,
  made_at            INTEGER NOT NULL,
  last_login_at      INTEGER,
  CHECK ((account_id IS NULL) = (role NOT IN ('owner', 'sender', 'viewer')))
);

-- Who has signed in: the digest of what a browser holds, never that itself.
CREATE TABLE panel_session (
  digest             BLOB PRIMARY KEY,
  user_id            INTEGER NOT NULL REFERENCES panel_user ON DELETE CASCADE,
  credential_version INTEGER NOT NULL,
  begun_at           INTEGER NOT NULL,
  used_at            INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX panel_session_user ON panel_session (user_id, begun_at);

-- What a list was searched by that may not stand in a URL.
CREATE TABLE panel_view (
  name    TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES panel_user ON DELETE CASCADE,
  filters TEXT NOT NULL,
  made_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX panel_view_user ON panel_view (user_id, made_at);

-- An account's own messages and entries, the newest first, whatever the others have.
CREATE INDEX message_account ON message (account_id, id);
CREATE INDEX ledger_account ON ledger (account_id, id);
