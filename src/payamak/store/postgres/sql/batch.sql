-- name: lock_batch
-- The number of the last batch that has written. Nobody else writes before the end of the transaction.
SELECT value FROM meta WHERE key = 'batch' FOR NO KEY UPDATE;

-- name: batch_number
-- The same, and nothing is locked.
SELECT value FROM meta WHERE key = 'batch';

-- name: count_batch
-- A batch writes: only if nobody else has since it was begun.
UPDATE meta SET value = $1::bigint + 1 WHERE key = 'batch' AND value = $1::bigint;

-- name: log_batch
-- ... and who did, so that a commit that fails without saying so can be read back.
INSERT INTO batch_log (place, number, token) VALUES ($1::bigint % 64, $1::bigint, $2::bigint)
ON CONFLICT (place) DO UPDATE SET number = excluded.number, token = excluded.token;

-- name: batch_of
-- Who made the batch of a number, if that is known.
SELECT token FROM batch_log WHERE place = $1::bigint % 64 AND number = $1::bigint;

-- name: last_owner
-- Whoever has taken over last.
SELECT seq FROM last_id WHERE name = 'owner';
