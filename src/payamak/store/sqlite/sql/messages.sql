-- name: insert_message
-- A fresh message; without an id (NULL) the table gives the next one. None is ever used again.
INSERT INTO message (id, account_id, recipient, plan, line, lane, source, accepted_at, deadline_at, due_at, changed_at, state,
  reason, code, step, tries, parts, was_taken, was_settled_late, copies, reserved, charged, is_settled, is_final,
  version, is_leased, unanswered, awaited, breaks)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: message
-- One message, as rows.py reads it.
SELECT id, account_id, recipient, plan, lane, source, accepted_at, deadline_at, due_at, changed_at, state, reason, code,
  step, tries, parts, was_taken, was_settled_late, copies, reserved, charged, is_settled, version, is_leased,
  unanswered, awaited, breaks
FROM message WHERE id = ?;

-- name: update_message
-- The whole of what may change, guarded by the version that was read.
UPDATE message SET plan = ?, line = ?, due_at = ?, changed_at = ?, state = ?, reason = ?, code = ?, step = ?, tries = ?,
  parts = ?, was_taken = ?, was_settled_late = ?, copies = ?, reserved = ?, charged = ?, is_settled = ?, is_final = ?,
  version = ?, is_leased = ?, unanswered = ?, awaited = ?, breaks = ?
WHERE id = ? AND version = ?;

-- name: update_message_same_plan
-- The same without the plan, which changes only by a fallback or by hand.
UPDATE message SET due_at = ?, changed_at = ?, state = ?, reason = ?, code = ?, step = ?, tries = ?,
  parts = ?, was_taken = ?, was_settled_late = ?, copies = ?, reserved = ?, charged = ?, is_settled = ?, is_final = ?,
  version = ?, is_leased = ?, unanswered = ?, awaited = ?, breaks = ?
WHERE id = ? AND version = ?;

-- name: waiting_accounts
-- The accounts that have a message due on a line in a lane: one index look-up for each account, not for each message.
WITH RECURSIVE waiting (account_id) AS (
  SELECT min(account_id) FROM message WHERE line = ?1 AND lane = ?2 AND state = 'queued' AND is_leased = 0
  UNION ALL
  SELECT (SELECT min(account_id) FROM message
          WHERE line = ?1 AND lane = ?2 AND account_id > waiting.account_id AND state = 'queued' AND is_leased = 0)
  FROM waiting WHERE account_id IS NOT NULL
)
SELECT account_id FROM waiting WHERE account_id IS NOT NULL;

-- name: ready_messages
-- The oldest due messages of one account on a line in a lane.
SELECT id, account_id, recipient, plan, lane, source, accepted_at, deadline_at, due_at, changed_at, state, reason, code,
  step, tries, parts, was_taken, was_settled_late, copies, reserved, charged, is_settled, version, is_leased,
  unanswered, awaited, breaks
FROM message
WHERE line = ?1 AND lane = ?2 AND account_id = ?3 AND due_at <= ?4 AND state = 'queued' AND is_leased = 0
ORDER BY due_at, id LIMIT ?5;

-- name: next_due
-- The earliest due time among the waiting messages of a line in a lane for an account.
SELECT min(due_at) FROM message
WHERE line = ?1 AND lane = ?2 AND account_id = ?3 AND state = 'queued' AND is_leased = 0;

-- name: lease_message
-- Claim: only if nobody else has, and nothing has changed since it was read.
UPDATE message SET is_leased = 1 WHERE id = ? AND version = ? AND state = 'queued' AND is_leased = 0;

-- name: release_leases
-- At start: whoever held a lease is gone.
UPDATE message SET is_leased = 0 WHERE is_leased = 1 AND state = 'queued' AND is_final = 0;

-- name: release_lease
-- Give one back unchanged.
UPDATE message SET is_leased = 0 WHERE id = ? AND state = 'queued' AND is_leased = 1;

-- name: sending_ids
-- What was on the wire when the last process died, but for what is aside.
SELECT id FROM message WHERE state = 'sending' AND is_final = 0
  AND NOT EXISTS (SELECT 1 FROM aside WHERE kind = 'lost' AND key = message.id AND again_at > ?) LIMIT ?;

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
SELECT line, lane, state, reason, count(*), min(due_at), min(accepted_at) FROM message
WHERE is_final = 0 GROUP BY line, lane, state, reason ORDER BY line, lane, state, reason;

-- name: queued_by_line
-- How many messages wait on each line, for the metrics: a look through the index of what is open.
SELECT line, count(*) FROM message WHERE state = 'queued' AND is_final = 0 GROUP BY line;

-- name: queued_on_line
-- All that waits on a line, to be moved or cancelled by hand; what expires first comes first.
SELECT id FROM message WHERE line = ? AND state = 'queued' AND is_final = 0 ORDER BY deadline_at;

-- name: queued_of_account
-- All that waits of an account, likewise.
SELECT id FROM message WHERE account_id = ? AND state = 'queued' AND is_final = 0 ORDER BY deadline_at;

-- name: open_on_line
-- What a line has under way, by state.
SELECT state, count(*) FROM message
WHERE (state = 'queued' OR state = 'sending' OR state = 'enroute') AND line = ? AND is_final = 0 GROUP BY state;

-- name: open_of_account
-- What an account has under way, by state: a look through all that is open, which only a person asks for.
SELECT state, count(*) FROM message WHERE account_id = ? AND is_final = 0 GROUP BY state;

-- name: open_by_link
-- What was handed to a link and is not told of, by state, likewise.
SELECT m.state, count(DISTINCT m.id) FROM message m CROSS JOIN part p ON p.message_id = m.id
WHERE m.is_final = 0 AND (m.state = 'sending' OR m.state = 'enroute') AND p.link = ? AND p.receipt IS NULL GROUP BY m.state;

-- name: may_fall_back_to
-- How many open messages stand on another line and name this one in their plan (as the plan writes it), likewise.
SELECT count(*) FROM message WHERE is_final = 0 AND line <> ?1 AND instr(plan, ?2) > 0;
