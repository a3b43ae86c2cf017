-- name: insert_message
-- A fresh message, under an id of a block (store/memory.py). None is ever used again.
INSERT INTO message ({message_kept}) VALUES ({message_kept_values});

-- name: message
-- One message.
SELECT {message} FROM message WHERE id = ?;

-- name: update_message
-- The whole of what may change, guarded by the version that was read.
UPDATE message SET {message_changes_with_plan} WHERE id = ? AND version = ?;

-- name: update_message_same_plan
-- The same without the plan, which changes only by a fallback or by hand.
UPDATE message SET {message_changes} WHERE id = ? AND version = ?;

-- name: waiting_accounts
-- The accounts that have a message due on a line in a lane: one index look-up for each account, not for each message.
WITH RECURSIVE waiting (account_id) AS (
  SELECT min(account_id) FROM message WHERE line = ?1 AND lane = ?2 AND state = 'queued' AND owner = 0
  UNION ALL
  SELECT (SELECT min(account_id) FROM message
          WHERE line = ?1 AND lane = ?2 AND account_id > waiting.account_id AND state = 'queued' AND owner = 0)
  FROM waiting WHERE account_id IS NOT NULL
)
SELECT account_id FROM waiting WHERE account_id IS NOT NULL;

-- name: ready_messages
-- The oldest due messages of one account on a line in a lane.
SELECT {message} FROM message
WHERE line = ?1 AND lane = ?2 AND account_id = ?3 AND due_at <= ?4 AND state = 'queued' AND owner = 0
ORDER BY due_at, id LIMIT ?5;

-- name: next_due
-- The earliest due time among the waiting messages of a line in a lane for an account.
SELECT min(due_at) FROM message
WHERE line = ?1 AND lane = ?2 AND account_id = ?3 AND state = 'queued' AND owner = 0;

-- name: lease_message
-- Claim: only if nobody else has, and nothing has changed since it was read.
UPDATE message SET owner = ?3 WHERE id = ?1 AND version = ?2 AND state = 'queued' AND owner = 0;

-- name: take_over
-- Another owner begins: its number is greater than all before it.
INSERT INTO owner (since_at) VALUES (?);

-- name: owners_before
-- The owners before one that have not been ended.
SELECT id FROM owner WHERE id < ? ORDER BY id;

-- name: release_leases
-- Whoever held these leases is gone.
UPDATE message SET owner = 0 WHERE owner = ? AND state = 'queued' AND is_final = 0;

-- name: end_owner
-- Nothing is left of what it had.
DELETE FROM owner WHERE id = ?1
  AND NOT EXISTS (SELECT 1 FROM message WHERE state = 'sending' AND is_final = 0 AND owner = ?1);

-- name: release_lease
-- Give one back unchanged.
UPDATE message SET owner = 0 WHERE id = ? AND state = 'queued' AND owner = ?;

-- name: sending_ids
-- What an owner had on the wire when it died, but for what is aside. What the index names and no table holds is found too.
SELECT s.id FROM message s LEFT JOIN message m ON m.id = s.id
WHERE s.state = 'sending' AND s.is_final = 0 AND coalesce(m.owner, ?1) = ?1
  AND NOT EXISTS (SELECT 1 FROM aside WHERE kind = 'lost' AND key = s.id AND again_at > ?2) LIMIT ?3;

-- name: past_deadline_ids
-- Waiting messages of a line whose validity is over (P7).
SELECT id FROM message WHERE state = 'queued' AND line = ? AND is_final = 0 AND deadline_at <= ?
  AND NOT EXISTS (SELECT 1 FROM aside WHERE kind = 'deadline' AND key = message.id AND again_at > ?)
ORDER BY deadline_at LIMIT ?;

-- name: overdue_ids
-- Taken messages of a line whose receipt did not come until deadline and grace (P7).
SELECT id FROM message WHERE state = 'enroute' AND line = ? AND is_final = 0 AND deadline_at <= ?
  AND NOT EXISTS (SELECT 1 FROM aside WHERE kind = 'deadline' AND key = message.id AND again_at > ?)
ORDER BY deadline_at LIMIT ?;

-- name: lines_in_state
-- The lines that have open messages in a state: one index look-up for each line, configured or not.
WITH RECURSIVE open_line (line) AS (
  SELECT min(line) FROM message WHERE state = ?1 AND is_final = 0
  UNION ALL
  SELECT (SELECT min(line) FROM message WHERE state = ?1 AND line > open_line.line AND is_final = 0)
  FROM open_line WHERE line IS NOT NULL
)
SELECT line FROM open_line WHERE line IS NOT NULL;

-- name: messages_after
-- The next messages in the order of acceptance, for the caller to see which are old enough to be removed. No condition
-- on what they are: else one call could look through all of them.
SELECT id, account_id, line, accepted_at, deadline_at, is_final FROM message WHERE id > ? ORDER BY id LIMIT ?;

-- name: delete_message
-- Its parts go with it.
DELETE FROM message WHERE id = ?;

-- name: delete_parts
-- The attempts of a removed message.
DELETE FROM part WHERE message_id = ?;

-- name: delete_receipts
-- The further receipts of a removed message.
DELETE FROM receipt WHERE message_id = ?;

-- name: queue
-- What waits or is under way, by line, lane, state and reason.
SELECT line, lane, state, reason, count(*) AS count, min(due_at) AS next_due_at, min(accepted_at) AS oldest_accepted_at
FROM message WHERE is_final = 0 GROUP BY line, lane, state, reason ORDER BY line, lane, state, reason;

-- name: queued_on_line
-- All that waits on a line, to be moved or cancelled by hand; what expires first comes first.
SELECT id FROM message WHERE line = ? AND state = 'queued' AND is_final = 0 ORDER BY deadline_at;

-- name: queued_of_account
-- All that waits of an account, likewise; by a sum, so that it is found among what is open and not among all it ever sent.
SELECT id FROM message WHERE +account_id = ? AND state = 'queued' AND is_final = 0 ORDER BY deadline_at;

-- name: open_on_line
-- What a line has under way, by state.
SELECT state AS name, count(*) AS count FROM message
WHERE (state = 'queued' OR state = 'sending' OR state = 'enroute') AND line = ? AND is_final = 0 GROUP BY state;

-- name: open_of_account
-- What an account has under way, by state: a look through all that is open, which only a person asks for.
SELECT state AS name, count(*) AS count FROM message WHERE +account_id = ? AND is_final = 0 GROUP BY state;

-- name: open_by_link
-- What was handed to a link and is not told of, by state, likewise.
SELECT m.state AS name, count(DISTINCT m.id) AS count FROM message m CROSS JOIN part p ON p.message_id = m.id
WHERE m.is_final = 0 AND (m.state = 'sending' OR m.state = 'enroute') AND p.link = ? AND p.receipt IS NULL GROUP BY m.state;

-- name: may_fall_back_to
-- How many open messages stand on another line and name this one in their plan (as the plan writes it), likewise.
SELECT count(*) FROM message WHERE is_final = 0 AND line <> ?1 AND instr(plan, ?2) > 0;
