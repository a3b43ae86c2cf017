-- name: insert_notice
-- Tell of a change of state: the next number of its message, at once unless the one before still waits. After a restore
-- the numbers of the copy's messages go on far above: those between may have been used for other events.
INSERT INTO notice (message_id, sequence, account_id, at, state, reason, told, code, line, step, was_taken, charged, post,
  waiting_since, next_at)
SELECT given.message_id, greatest(coalesce(before.sequence, 0), given.above) + 1, given.account_id, given.at, given.state,
  given.reason, given.told, given.code, given.line, given.step, given.was_taken, given.charged, 'waiting', given.at,
  CASE before.post WHEN 'waiting' THEN NULL ELSE given.at END
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bigint[],
  $10::bigint[], $11::bigint[], $12::bigint[])
  AS given (message_id, account_id, at, state, reason, told, code, line, step, was_taken, charged, above)
LEFT JOIN LATERAL (SELECT sequence, post FROM notice WHERE notice.message_id = given.message_id
  ORDER BY sequence DESC LIMIT 1) AS before ON true;

-- name: webhook_targets
-- The accounts that something waits for, when the first of it is due, and whether the target is gone: index look-ups.
WITH RECURSIVE waiting (account_id) AS (
  SELECT min(account_id) FROM notice WHERE next_at IS NOT NULL
  UNION ALL
  SELECT (SELECT min(account_id) FROM notice WHERE next_at IS NOT NULL AND account_id > waiting.account_id)
  FROM waiting WHERE account_id IS NOT NULL
)
SELECT account_id, (SELECT min(next_at) FROM notice WHERE next_at IS NOT NULL AND account_id = waiting.account_id) AS next_at,
  (SELECT url FROM webhook_gone WHERE account_id = waiting.account_id) AS gone_url
FROM waiting WHERE account_id IS NOT NULL;

-- columns: notice
-- A Notice, with the recipient of its message.
n.message_id, n.sequence, n.account_id, m.recipient, n.at, n.state, n.reason, n.told, n.code, n.line, n.step,
  n.was_taken, n.charged, n.post, n.tries, n.waiting_since, n.next_at, n.posted_at, n.note

-- name: notices_due
-- What may be posted for an account now, the longest due first; as webhooks.py reads it.
SELECT {notice} FROM notice n JOIN message m ON m.id = n.message_id
WHERE n.next_at IS NOT NULL AND n.account_id = $1 AND n.next_at <= $2
ORDER BY n.next_at, n.message_id, n.sequence LIMIT $3;

-- name: notices_of_message
-- Everything that its customer is told of a message, in order.
SELECT {notice} FROM notice n JOIN message m ON m.id = n.message_id
WHERE n.message_id = $1 ORDER BY n.sequence;

-- name: search_notices
-- For a person, newest message first.
SELECT {notice} FROM notice n JOIN message m ON m.id = n.message_id
WHERE (n.message_id, n.sequence) < (:message_id, :sequence) AND (:account_id::bigint IS NULL OR n.account_id = :account_id)
  AND (:post::text IS NULL OR n.post = :post)
ORDER BY n.message_id DESC, n.sequence DESC LIMIT :limit;

-- name: search_open_notices
-- The same for what waits or is dead, of which there may be little among much that is done.
SELECT {notice} FROM notice n JOIN message m ON m.id = n.message_id
WHERE n.post <> 'done' AND (n.message_id, n.sequence) < (:message_id, :sequence)
  AND (:account_id::bigint IS NULL OR n.account_id = :account_id) AND n.post = :post
ORDER BY n.message_id DESC, n.sequence DESC LIMIT :limit;

-- name: open_notice_ids
-- What waits or is dead of an account, for a replay: the index alone.
SELECT message_id, sequence FROM notice WHERE post <> 'done' AND account_id = $1 AND post = $2 AND at >= $3;

-- name: done_notice_ids
-- What has arrived of an account: a look through all, which only a person asks for.
SELECT message_id, sequence FROM notice WHERE account_id = $1 AND post = $2 AND at >= $3;

-- name: conclude_notice
-- What came of a post, unless it does not wait any more.
UPDATE notice SET post = $1, tries = tries + 1, next_at = $2, note = $3, posted_at = $4
WHERE message_id = $5 AND sequence = $6 AND post = 'waiting';

-- name: next_notice_has_turn
-- The one after it, if it came after it.
UPDATE notice SET next_at = $1 WHERE message_id = $2
  AND sequence = (SELECT min(sequence) FROM notice WHERE message_id = $2 AND sequence > $3)
  AND post = 'waiting' AND next_at IS NULL;

-- name: notice_again
-- Post it once more, by hand: its three days begin anew; after the one before it, if that waits.
UPDATE notice SET post = 'waiting', tries = 0, waiting_since = $1::bigint, note = '',
  next_at = CASE WHEN EXISTS (SELECT 1 FROM notice AS before WHERE before.message_id = $2 AND before.sequence =
    (SELECT max(sequence) FROM notice WHERE message_id = $2 AND sequence < $3) AND before.post = 'waiting') THEN NULL ELSE $1::bigint END
WHERE message_id = $2 AND sequence = $3 AND post <> 'waiting' RETURNING account_id;

-- name: hurry_notices
-- What waits for the end of a pause is due now, a little at a time; its three days go on.
UPDATE notice SET next_at = $1 WHERE (message_id, sequence) IN
  (SELECT message_id, sequence FROM notice WHERE next_at IS NOT NULL AND account_id = $2 AND next_at > $1 LIMIT $3);

-- name: notice_waits
-- Whether the customer still has to be told something of a message.
SELECT 1 FROM notice WHERE message_id = $1 AND post = 'waiting' LIMIT 1;

-- name: notice_counts
-- What has not arrived, by account: a look through the index of it.
SELECT account_id, post, count(*) AS count, min(at) AS oldest_at FROM notice WHERE post <> 'done' GROUP BY account_id, post;

-- name: put_gone
-- A target answered 410.
INSERT INTO webhook_gone (account_id, url, at) VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE SET url = excluded.url, at = excluded.at;

-- name: forget_gone
-- A person wants it tried again.
DELETE FROM webhook_gone WHERE account_id = $1;

-- name: delete_notices
-- The notices of a message that is removed.
DELETE FROM notice WHERE message_id = $1;
