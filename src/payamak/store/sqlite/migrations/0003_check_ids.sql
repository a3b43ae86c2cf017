-- Runs before the new code; the old code does not look at it.
-- The callers' own ids of messages (SOAP's CheckId): one that is here is never sent again, also after its message was
-- removed for its age. So there is no reference to the message, and a row is about 30 octets.
CREATE TABLE check_id (
  account_id  INTEGER NOT NULL,
  check_id    INTEGER NOT NULL,
  message_id  INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, check_id)
) WITHOUT ROWID;
