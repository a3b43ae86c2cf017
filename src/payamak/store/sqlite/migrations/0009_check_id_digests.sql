-- Runs before the new code; the older code can go on beside it, then its ids have no digest.
-- What was accepted under a caller's own id, as marks of 16 octets (domain/own_ids.py): the same id with another body is
-- refused. NULL for the ids from before it was kept: those answer whatever body comes.
ALTER TABLE check_id ADD COLUMN digest BLOB;
