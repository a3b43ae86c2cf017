-- name: mark
-- The mark of this store.
SELECT value, beside, moved_at, batch, is_copy FROM mark;

-- name: mark_moved_at
-- When it was drawn.
SELECT moved_at FROM mark;

-- name: move_mark
-- Another mark, with what the file beside the store holds until the new one is written there.
UPDATE mark SET value = $1, beside = $2, moved_at = $3, batch = $4, is_copy = 0;

-- name: sign_copy
-- In a backup: a mark that no file beside a store has.
UPDATE mark SET value = $1, beside = value, is_copy = 1;

-- name: last_given
-- The last id of a table that was given, or taken to be given, removed rows included.
SELECT seq FROM last_id WHERE name = $1;

-- name: take_ids
-- So many more ids of messages are taken; the last one.
UPDATE last_id SET seq = seq + $1 WHERE name = 'message' RETURNING seq;

-- name: give_ids_back
-- Those after the last used one were not needed; unless somebody has taken more.
UPDATE last_id SET seq = $1 WHERE name = 'message' AND seq = $2;

-- name: raise_ids
-- Let the ids of a table go on above a number.
UPDATE last_id SET seq = $1 WHERE name = $2 AND seq < $1;

-- name: last_change
-- The last that is known of any message: a look through all, at a restore only.
SELECT max(changed_at) FROM message;

-- name: busiest_day
-- The most messages of a day (UTC) that are kept: a look through all, at a restore only.
SELECT max(count) FROM (SELECT count(*) AS count FROM message GROUP BY accepted_at / 86400000) AS days;

-- name: busiest_day_received
-- The same of messages from handsets.
SELECT max(count) FROM (SELECT count(*) AS count FROM received GROUP BY received_at / 86400000) AS days;

-- name: insert_restored
-- The store is held to be a copy that was put back.
INSERT INTO restored (why, noticed_at, known_until_at, message_id, received_id, ids_above, events_above, held_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0);

-- name: last_restored
-- The last time; it covers all before it.
SELECT id, why, noticed_at, known_until_at, message_id, received_id, ids_above, events_above, held_to, resumed_at
FROM restored WHERE id = (SELECT max(id) FROM restored);

-- name: to_hold
-- The next messages that waited or were on the wire, each looked at once.
SELECT id FROM message WHERE id > $1 AND is_final = 0 AND (state = 'queued' OR state = 'sending') ORDER BY id LIMIT $2;

-- name: held_to
-- How far all is held; NULL: all is.
UPDATE restored SET held_to = $1 WHERE id = $2;

-- name: held_ids
-- What is held, of a line or an account or both; -1 is all.
SELECT id FROM message WHERE reason = 'restored' AND is_final = 0 AND ($1::text IS NULL OR line = $1)
  AND ($2::bigint IS NULL OR account_id = $2) ORDER BY line, account_id, id LIMIT nullif($3::bigint, -1);

-- name: held_count
-- How many are held: a look through their own index.
SELECT count(*) FROM message WHERE reason = 'restored' AND is_final = 0;

-- name: posts_of_copy
-- Messages from handsets that waited for their post when the copy was made.
SELECT count(*) FROM received WHERE relay = 'waiting' AND id <= $1 AND $1 > 0;

-- name: end_restored
-- What waits may go.
UPDATE restored SET resumed_at = $1 WHERE id <= $2 AND resumed_at IS NULL;

-- name: copy_is_held
-- Whether anything may be held because the store said itself, or a person did, that it is a copy.
SELECT id FROM restored WHERE resumed_at IS NULL AND why <> 'mark' LIMIT 1;
