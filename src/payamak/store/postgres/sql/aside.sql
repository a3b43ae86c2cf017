-- name: put_aside
-- Keep what failed; of the same row again, how often. The version is the message's, where the key is a message.
INSERT INTO aside (kind, key, version, error, place, first_at, last_at, times, again_at)
VALUES ($1, $2, coalesce((SELECT version FROM message WHERE id::text = $2), 0), $3, $4, $5, $5, 1, $5::bigint + $6::bigint)
ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, error = excluded.error, place = excluded.place,
  last_at = excluded.last_at, times = aside.times + 1,
  again_at = excluded.last_at + least($6::bigint << least(aside.times, 10)::integer, $7::bigint);

-- name: aside_times
-- How often one has failed.
SELECT times FROM aside WHERE kind = $1 AND key = $2;

-- name: is_aside
-- One that is not to be tried yet.
SELECT 1 FROM aside WHERE kind = $1 AND key = $2 AND again_at > $3;

-- name: aside_due
-- Those of a kind that are to be tried again.
SELECT key::bigint AS key, version FROM aside WHERE kind = $1 AND again_at <= $2 LIMIT $3;

-- name: take_from_aside
-- It went well.
DELETE FROM aside WHERE kind = $1 AND key = $2;

-- name: forget_aside
-- Those that nobody has tried for a long time: what they were about is over.
DELETE FROM aside WHERE again_at <= $1;

-- name: any_aside
-- Whether there is any.
SELECT EXISTS (SELECT 1 FROM aside);

-- name: aside_list
-- What is put aside, the latest failure first.
SELECT kind AS work, key, error, place, first_at, last_at, times, again_at FROM aside ORDER BY last_at DESC LIMIT $1;

-- name: fault_counts
-- How many rows are aside, how many pieces are unreadable, and how many have ever been.
SELECT (SELECT count(*) FROM aside) AS aside, (SELECT count(*) FROM unreadable) AS unreadable,
  (SELECT seq FROM last_id WHERE name = 'unreadable') AS unreadable_ever;

-- name: put_off_message
-- A waiting message that nobody could take: its lease ends, and it is due again later.
UPDATE message SET owner = 0, due_at = $2 WHERE id = $1 AND state = 'queued' AND is_final = 0;

-- name: put_off_parts
-- The parts of a handset's message that could not be joined: they are due again later.
UPDATE received_part SET due_at = $6
WHERE received_id IS NULL AND upstream = $1 AND line = $2 AND sender = $3 AND reference = $4 AND total = $5;

-- name: keep_unreadable
-- One more.
WITH next AS (UPDATE last_id SET seq = seq + 1 WHERE name = 'unreadable' RETURNING seq)
INSERT INTO unreadable (id, kind, link, message_id, octets, error, place, came_at)
SELECT seq, $1, $2, $3, $4, $5, $6, $7 FROM next;

-- name: bound_unreadable
-- The oldest go when there are too many.
DELETE FROM unreadable WHERE id <= (SELECT max(id) FROM unreadable) - $1;

-- name: unreadable_list
-- The latest first.
SELECT id, kind, link, message_id, octets, error, place, came_at FROM unreadable
WHERE $1::bigint IS NULL OR id = $1 ORDER BY id DESC LIMIT $2;

-- name: forget_unreadable
-- A person has seen them.
DELETE FROM unreadable WHERE ($1::bigint IS NULL OR id = $1) AND ($2::bigint IS NULL OR id <= $2);
