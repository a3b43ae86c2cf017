-- Runs before the new code; the older code cannot go on. Takes no longer for a larger store, but for what is on the wire.

-- Who holds a message: the number of an owner, which grows with each that takes over; 0 is nobody. A lease of the time
-- before, and all that was on the wire, is the first owner's.
ALTER TABLE message RENAME COLUMN is_leased TO owner;
UPDATE message SET owner = 1 WHERE state = 'sending' AND is_final = 0 AND owner = 0;

-- The owners that have not been ended: the one that is at work, and those whose messages are to be recovered.
CREATE TABLE owner (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  since_at INTEGER NOT NULL
);
INSERT INTO owner (id, since_at) VALUES (1, 0);
