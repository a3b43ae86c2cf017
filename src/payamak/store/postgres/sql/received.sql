-- name: received_part_same
-- The same part met before, within the time in which an operator repeats.
SELECT session, total FROM received_part WHERE digest = $1 AND received_at > $2;

-- name: received_parts_open
-- The parts of one message that have come so far.
SELECT id, digest, upstream, link, line, sender, reference, total, part, alphabet, octets FROM received_part
WHERE upstream = $1 AND line = $2 AND sender = $3 AND reference = $4 AND total = $5 AND received_id IS NULL ORDER BY part;

-- name: insert_received_part
-- Keep a part; `received_id` is there already if it is the whole message.
INSERT INTO received_part (digest, session, upstream, link, line, sender, reference, total, part, alphabet, octets,
  received_at, due_at, received_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: join_received_part
-- Its message is kept: only the memory of the part stays.
UPDATE received_part SET received_id = $1, octets = '' WHERE id = $2;

-- name: received_parts_overdue
-- A part that has waited too long for the others; the whole set of its message is due with it.
SELECT upstream, line, sender, reference, total FROM received_part WHERE received_id IS NULL AND due_at <= $1
ORDER BY due_at LIMIT 1;

-- name: forget_received_parts
-- Parts that nobody repeats any more, a little at a time.
DELETE FROM received_part WHERE id IN
  (SELECT id FROM received_part WHERE received_id IS NOT NULL AND received_at <= $1 LIMIT $2);

-- name: insert_received
-- Keep a message from a handset.
WITH next AS (UPDATE last_id SET seq = seq + 1 WHERE name = 'received' RETURNING seq)
INSERT INTO received (id, upstream, link, line, sender, text, received_at, is_complete, relay, keyword, target,
  waiting_since, next_at, is_foreign)
SELECT seq, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM next RETURNING id;

-- name: received
-- One message, in the column order of `Received`.
SELECT {received} FROM received WHERE id = $1;

-- name: unread_of_line
-- What nobody has read yet on a line, oldest first.
SELECT {received} FROM received WHERE line = $1 AND read_at IS NULL AND is_foreign = 0 ORDER BY id LIMIT $2;

-- name: received_of_line
-- The newest of a line, read or not.
SELECT {received} FROM received WHERE line = $1 AND is_foreign = 0 ORDER BY received_at DESC LIMIT $2;

-- name: mark_read
-- Somebody has read it; the first time counts.
UPDATE received SET read_at = $1 WHERE id = $2 AND read_at IS NULL;

-- name: unmark_read
-- The call that read it at this instant was told that it failed.
UPDATE received SET read_at = NULL WHERE id = $1 AND read_at = $2;

-- name: search_received
-- Messages from handsets, newest first, for a person.
SELECT {received} FROM received
WHERE id < :before_id AND (:line::text IS NULL OR line = :line) AND (:sender::text IS NULL OR sender = :sender)
  AND (:relay::text IS NULL OR relay = :relay) AND (NOT :only_foreign::boolean OR is_foreign = 1) AND (:since_at::bigint IS NULL OR received_at >= :since_at)
ORDER BY id DESC LIMIT :limit;

-- name: relay_targets
-- The targets that something waits for, and when the first of it is due: one index look-up for each.
WITH RECURSIVE waiting (target) AS (
  SELECT min(target) FROM received WHERE next_at IS NOT NULL
  UNION ALL
  SELECT (SELECT min(target) FROM received WHERE next_at IS NOT NULL AND target > waiting.target)
  FROM waiting WHERE target IS NOT NULL
)
SELECT target, (SELECT min(next_at) FROM received WHERE next_at IS NOT NULL AND target = waiting.target) AS next_at
FROM waiting WHERE target IS NOT NULL;

-- name: relay_due
-- What may be posted to a target now, the longest due first.
SELECT {received} FROM received WHERE next_at IS NOT NULL AND target = $1 AND next_at <= $2 ORDER BY next_at, id LIMIT $3;

-- name: relay_first
-- The first of a queue.
SELECT id FROM received WHERE relay = 'waiting' AND target = $1 AND sender = $2 ORDER BY id LIMIT 1;

-- name: relay_has_turn
-- Whether any of a queue has its turn, nearly always the first.
SELECT 1 FROM received WHERE relay = 'waiting' AND target = $1 AND sender = $2 AND next_at IS NOT NULL LIMIT 1;

-- name: give_turn
-- It is the first of its queue now.
UPDATE received SET next_at = $1 WHERE id = $2 AND relay = 'waiting';

-- name: update_relay
-- What became of a post.
UPDATE received SET relay = $1, tries = $2, next_at = $3, note = $4, reply_id = $5 WHERE id = $6;

-- name: relay_again
-- Post it once more, by hand: its three days begin anew.
UPDATE received SET relay = 'waiting', tries = 0, waiting_since = $1, next_at = NULL, target = $2, keyword = $3, note = ''
WHERE id = $4 AND relay <> 'waiting';

-- name: received_counts
-- Its link counts for its line by now.
UPDATE received SET is_foreign = 0 WHERE id = $1;

-- name: foreign_received
-- What links have brought since an instant that did not count for its line.
SELECT link, upstream, line, count(*) AS count, max(received_at) AS last_at FROM received WHERE is_foreign = 1 AND received_at > $1
GROUP BY link, upstream, line ORDER BY count(*) DESC LIMIT $2;

-- name: open_parts
-- How many parts of each link wait for the others of their message.
SELECT link AS name, count(*) AS count FROM received_part WHERE received_id IS NULL GROUP BY link;

-- name: lines_of_received
-- The lines that anything was received on: one index look-up for each.
WITH RECURSIVE seen (line) AS (
  SELECT min(line) FROM received
  UNION ALL
  SELECT (SELECT min(line) FROM received WHERE line > seen.line) FROM seen WHERE line IS NOT NULL
)
SELECT line FROM seen WHERE line IS NOT NULL;

-- name: retire_received
-- Old messages of a line that nothing waits for, a little at a time.
DELETE FROM received WHERE id IN
  (SELECT id FROM received WHERE line = $1 AND received_at <= $2 AND relay <> 'waiting' ORDER BY received_at LIMIT $3);
