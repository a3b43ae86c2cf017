-- name: received_part_same
-- The same part met before, within the time in which an operator repeats.
SELECT session, total FROM received_part WHERE digest = ? AND received_at > ?;

-- name: received_parts_open
-- The parts of one message that have come so far.
SELECT id, digest, upstream, link, line, sender, reference, total, part, alphabet, octets FROM received_part
WHERE upstream = ? AND line = ? AND sender = ? AND reference = ? AND total = ? AND received_id IS NULL ORDER BY part;

-- name: insert_received_part
-- Keep a part; `received_id` is there already if it is the whole message.
INSERT INTO received_part (digest, session, upstream, link, line, sender, reference, total, part, alphabet, octets,
  received_at, due_at, received_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: join_received_part
-- Its message is kept: only the memory of the part stays.
UPDATE received_part SET received_id = ?, octets = x'' WHERE id = ?;

-- name: received_parts_overdue
-- A part that has waited too long for the others; the whole set of its message is due with it.
SELECT upstream, line, sender, reference, total FROM received_part WHERE received_id IS NULL AND due_at <= ?
ORDER BY due_at LIMIT 1;

-- name: forget_received_parts
-- Parts that nobody repeats any more, a little at a time.
DELETE FROM received_part WHERE id IN
  (SELECT id FROM received_part WHERE received_id IS NOT NULL AND received_at <= ? LIMIT ?);

-- name: insert_received
-- Keep a message from a handset.
INSERT INTO received (upstream, link, line, sender, text, received_at, is_complete, relay, keyword, target,
  waiting_since, next_at, is_foreign)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: received
-- One message, in the column order of `Received`.
SELECT id, upstream, link, line, sender, text, received_at, is_complete, read_at, relay, keyword, target, tries,
  waiting_since, next_at, note, reply_id, is_foreign
FROM received WHERE id = ?;

-- name: unread_of_line
-- What nobody has read yet on a line, oldest first.
SELECT id, upstream, link, line, sender, text, received_at, is_complete, read_at, relay, keyword, target, tries,
  waiting_since, next_at, note, reply_id, is_foreign
FROM received WHERE line = ? AND read_at IS NULL AND is_foreign = 0 ORDER BY id LIMIT ?;

-- name: received_of_line
-- The newest of a line, read or not.
SELECT id, upstream, link, line, sender, text, received_at, is_complete, read_at, relay, keyword, target, tries,
  waiting_since, next_at, note, reply_id, is_foreign
FROM received WHERE line = ? AND is_foreign = 0 ORDER BY received_at DESC LIMIT ?;

-- name: mark_read
-- Somebody has read it; the first time counts.
UPDATE received SET read_at = ? WHERE id = ? AND read_at IS NULL;

-- name: unmark_read
-- The call that read it at this instant was told that it failed.
UPDATE received SET read_at = NULL WHERE id = ? AND read_at = ?;

-- name: search_received
-- Messages from handsets, newest first, for a person.
SELECT id, upstream, link, line, sender, text, received_at, is_complete, read_at, relay, keyword, target, tries,
  waiting_since, next_at, note, reply_id, is_foreign
FROM received
WHERE id < :before_id AND (:line IS NULL OR line = :line) AND (:sender IS NULL OR sender = :sender)
  AND (:relay IS NULL OR relay = :relay) AND (NOT :only_foreign OR is_foreign = 1) AND (:since_at IS NULL OR received_at >= :since_at)
ORDER BY id DESC LIMIT :limit;

-- name: relay_targets
-- The targets that something waits for, and when the first of it is due: one index look-up for each.
WITH RECURSIVE waiting (target) AS (
  SELECT min(target) FROM received WHERE next_at IS NOT NULL
  UNION ALL
  SELECT (SELECT min(target) FROM received WHERE next_at IS NOT NULL AND target > waiting.target)
  FROM waiting WHERE target IS NOT NULL
)
SELECT target, (SELECT min(next_at) FROM received WHERE next_at IS NOT NULL AND target = waiting.target)
FROM waiting WHERE target IS NOT NULL;

-- name: relay_due
-- What may be posted to a target now, the longest due first.
SELECT id, upstream, link, line, sender, text, received_at, is_complete, read_at, relay, keyword, target, tries,
  waiting_since, next_at, note, reply_id, is_foreign
FROM received WHERE next_at IS NOT NULL AND target = ? AND next_at <= ? ORDER BY next_at, id LIMIT ?;

-- name: relay_first
-- The first of a queue.
SELECT id FROM received WHERE relay = 'waiting' AND target = ? AND sender = ? ORDER BY id LIMIT 1;

-- name: relay_has_turn
-- Whether any of a queue has its turn, nearly always the first. The plus keeps SQLite off the index of what is due, where
-- it would look through every sender of the target.
SELECT 1 FROM received WHERE relay = 'waiting' AND target = ? AND sender = ? AND +next_at IS NOT NULL LIMIT 1;

-- name: give_turn
-- It is the first of its queue now.
UPDATE received SET next_at = ? WHERE id = ? AND relay = 'waiting';

-- name: update_relay
-- What became of a post.
UPDATE received SET relay = ?, tries = ?, next_at = ?, note = ?, reply_id = ? WHERE id = ?;

-- name: relay_again
-- Post it once more, by hand: its three days begin anew.
UPDATE received SET relay = 'waiting', tries = 0, waiting_since = ?, next_at = NULL, target = ?, keyword = ?, note = ''
WHERE id = ? AND relay <> 'waiting';

-- name: received_counts
-- Its link counts for its line by now.
UPDATE received SET is_foreign = 0 WHERE id = ?;

-- name: foreign_received
-- What links have brought since an instant that did not count for its line.
SELECT link, upstream, line, count(*), max(received_at) FROM received WHERE is_foreign = 1 AND received_at > ?
GROUP BY link, upstream, line ORDER BY count(*) DESC LIMIT ?;

-- name: open_parts
-- How many parts of each link wait for the others of their message.
SELECT link, count(*) FROM received_part WHERE received_id IS NULL GROUP BY link;

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
  (SELECT id FROM received WHERE line = ? AND received_at <= ? AND relay <> 'waiting' ORDER BY received_at LIMIT ?);
