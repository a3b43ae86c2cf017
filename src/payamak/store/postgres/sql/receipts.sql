-- name: insert_receipt
-- A receipt that is not the first of a known part.
INSERT INTO receipt (received_at, upstream, link, operator_id, operator_key, operator_keys, line, recipient, part_state,
  stat, err, code, standing, message_id, why, reference, ids)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::text[], $12::bigint[], $13::text[], $14::bigint[], $15::text[], $16::bigint[], $17::text[]);

-- name: keep_first_receipt
-- The first receipt of a part, which was unsure, before another one takes its place there.
INSERT INTO receipt (received_at, upstream, link, operator_id, operator_key, operator_keys, part_state, stat, err,
  standing, message_id)
SELECT receipt_at, upstream, link, coalesce(operator_id, ''), coalesce(operator_key, ''), coalesce(operator_key, ''),
  receipt, coalesce(receipt_stat, ''), receipt_err, 'repeated', message_id
FROM part WHERE message_id = $1 AND step = $2 AND try_no = $3 AND part = $4 AND receipt IS NOT NULL;

-- columns: waiting_receipt
-- A receipt that waits, as pooling.py reads it.
id, received_at, upstream, link, operator_id, operator_keys, line, recipient, part_state, stat, err, code, why,
  reference, ids

-- name: unmatched_receipts
-- Receipts that came before the answer they belong to, oldest first; ids recur, so none from before the attempt.
SELECT {waiting_receipt} FROM receipt
WHERE upstream = $1 AND operator_key = $2 AND standing = 'unmatched' AND received_at >= $3
ORDER BY received_at, id LIMIT 200;

-- name: unmatched_with_ids
-- Those that name more than one id, of a recipient or without one: the id of an answer may be any of them.
-- Equal or both missing is no condition of an index: each has its own.
SELECT {waiting_receipt} FROM receipt
WHERE upstream = $1 AND recipient = $2 AND standing = 'unmatched' AND received_at >= $3 AND ids <> ''
UNION ALL
SELECT {waiting_receipt} FROM receipt
WHERE $2::text IS NULL AND upstream = $1 AND recipient IS NULL AND standing = 'unmatched' AND received_at >= $3 AND ids <> ''
ORDER BY received_at, id LIMIT 200;

-- name: unmatched_of_recipient
-- The same by recipient: receipts of parts whose answer will not come any more.
SELECT {waiting_receipt} FROM receipt
WHERE upstream = $1 AND recipient = $2 AND standing = 'unmatched' AND received_at >= $3
ORDER BY received_at, id LIMIT 200;

-- name: match_receipt
-- A receipt that waited has found its message.
UPDATE receipt SET standing = $1, message_id = $2, why = '' WHERE id = $3;

-- name: let_receipt_wait
-- One that was dealt to a message waits again: it is somebody else's.
UPDATE receipt SET standing = 'unmatched', message_id = NULL, why = 'unknown_id'
WHERE message_id = $1 AND upstream = $2 AND operator_key = $3 AND standing = 'matched';

-- name: hand_receipts_over
-- Two that were dealt to two messages are each the other's.
UPDATE receipt SET message_id = CASE message_id WHEN $1 THEN $3 ELSE $1 END
WHERE upstream = $5 AND standing = 'matched'
  AND ((message_id = $1 AND operator_key = $2) OR (message_id = $3 AND operator_key = $4));

-- name: any_dealt
-- Whether a receipt that had waited has found a message.
SELECT 1 FROM receipt WHERE message_id IS NOT NULL AND standing = 'matched' LIMIT 1;

-- name: dealt_to_recipient
-- The ids of receipts that have found a message of the recipient after they had waited: what comes again under one of
-- them tells of no other copy.
SELECT DISTINCT r.operator_key, r.ids
FROM message m JOIN receipt r ON r.message_id = m.id
WHERE m.recipient = $2 AND m.id > $3 AND r.upstream = $1 AND r.standing = 'matched' AND r.received_at >= $4
  AND r.operator_key <> '';

-- name: explain_receipt
-- Why it waits on.
UPDATE receipt SET why = $1 WHERE id = $2 AND why <> $1;

-- name: oldest_unmatched
-- When the oldest receipt came that waits for its message; how many wait does not matter.
SELECT min(received_at) FROM receipt WHERE standing = 'unmatched';

-- name: unmatched_list
-- Receipts that nobody claims, newest first.
SELECT id, received_at, upstream, link, operator_id, line, recipient, stat, err, operator_keys, why, ids FROM receipt
WHERE standing = 'unmatched' ORDER BY received_at DESC, id DESC LIMIT $1;

-- name: conflict_upstreams
-- The upstreams that have receipts to look at again: one index look-up for each upstream, not for each receipt.
WITH RECURSIVE waiting (upstream) AS (
  SELECT min(upstream) FROM receipt
  WHERE standing = 'unmatched' AND (why = 'two_readings' OR why = 'other_reading')
  UNION ALL
  SELECT (SELECT min(upstream) FROM receipt WHERE upstream > waiting.upstream
          AND standing = 'unmatched' AND (why = 'two_readings' OR why = 'other_reading'))
  FROM waiting WHERE upstream IS NOT NULL
)
SELECT upstream FROM waiting WHERE upstream IS NOT NULL;

-- name: conflicts_of
-- Receipts of an upstream that wait for more to be known of its ids, a page in the order of their arrival.
SELECT {waiting_receipt} FROM receipt
WHERE upstream = $1 AND id > $2 AND standing = 'unmatched' AND (why = 'two_readings' OR why = 'other_reading')
ORDER BY id LIMIT $3;

-- name: missed
-- Some receipts that have waited for long, and that only a reading which is not in use explains.
SELECT id FROM receipt
WHERE upstream = $1 AND received_at <= $2 AND standing = 'unmatched' AND why = 'other_reading' LIMIT $3;

-- name: unmatched_before
-- The oldest receipts that nobody claims, for their removal.
SELECT id, upstream, received_at FROM receipt
WHERE standing = 'unmatched' AND received_at < $1 ORDER BY received_at LIMIT $2;

-- name: unmatched_beyond
-- When the youngest of those came that are more than so many.
SELECT received_at FROM receipt WHERE standing = 'unmatched' ORDER BY received_at DESC LIMIT 1 OFFSET $1;

-- name: delete_receipt
-- One that nobody claimed.
DELETE FROM receipt WHERE id = $1;

-- name: waiting_counts
-- How many receipts of each upstream wait, and why.
SELECT upstream, why, count(*) AS count FROM receipt WHERE standing = 'unmatched' GROUP BY upstream, why;

-- name: id_habits
-- What is known of every upstream's ids.
SELECT upstream, judged, same, hex_to_decimal, decimal_to_hex, contradictions, unlearned, settled, removed,
  removed_until, several, by_parameter, by_text, by_payload, place
FROM id_habit;

-- name: put_id_habit
-- What was learned; the count of removed receipts stays.
INSERT INTO id_habit (upstream, judged, same, hex_to_decimal, decimal_to_hex, contradictions, unlearned, settled,
  several, by_parameter, by_text, by_payload, place)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (upstream) DO UPDATE SET judged = $2, same = $3, hex_to_decimal = $4, decimal_to_hex = $5,
  contradictions = $6, unlearned = $7, settled = $8, several = $9, by_parameter = $10, by_text = $11, by_payload = $12,
  place = $13;

-- name: upstream_names
-- The names that links have had for their operator, or still have.
SELECT link, upstream FROM upstream_name;

-- name: keep_upstream_name
-- A link has another one now.
INSERT INTO upstream_name (link, upstream) VALUES ($1, $2)
ON CONFLICT (link, upstream) DO UPDATE SET left_at = NULL;

-- name: upstream_names_left
-- Whether the time of one is to begin, and whether that of one is over.
SELECT EXISTS (SELECT 1 FROM upstream_name WHERE left_at IS NULL) AS is_left,
  EXISTS (SELECT 1 FROM upstream_name WHERE left_at <= $1) AS is_over;

-- name: leave_upstream_names
-- From now on the time runs after which nothing can be under way under them.
UPDATE upstream_name SET left_at = $1 WHERE left_at IS NULL;

-- name: forget_upstream_names
-- It is over.
DELETE FROM upstream_name WHERE left_at <= $1;

-- name: count_removed
-- Receipts that nobody claimed do not go in silence.
INSERT INTO id_habit (upstream, removed, removed_until) VALUES ($1, $2, $3)
ON CONFLICT (upstream) DO UPDATE SET removed = id_habit.removed + $2, removed_until = $3;
