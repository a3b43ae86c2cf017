-- name: standings
-- Where an account's messages stand; other accounts' ids and unknown ones are left out alike.
SELECT m.id, m.state, m.reason, m.was_taken FROM json_each(?1) AS wanted
CROSS JOIN message m ON m.id = wanted.value WHERE m.account_id = ?2;

-- name: search_by_recipient
-- Messages of a recipient, newest first.
SELECT id, account_id, recipient, plan, lane, source, accepted_at, deadline_at, due_at, changed_at, state, reason, code,
  step, tries, parts, was_taken, was_settled_late, copies, reserved, charged, is_settled, version, is_leased
FROM message
WHERE recipient = :recipient AND id < :before_id AND (:account_id IS NULL OR account_id = :account_id)
  AND (:line IS NULL OR line = :line) AND (:state IS NULL OR state = :state)
  AND (:since_at IS NULL OR accepted_at >= :since_at) AND (:until_at IS NULL OR accepted_at < :until_at)
ORDER BY id DESC LIMIT :limit;

-- name: search_by_time
-- Messages of any recipient, newest first.
SELECT id, account_id, recipient, plan, lane, source, accepted_at, deadline_at, due_at, changed_at, state, reason, code,
  step, tries, parts, was_taken, was_settled_late, copies, reserved, charged, is_settled, version, is_leased
FROM message
WHERE id < :before_id AND (:recipient IS NULL OR recipient = :recipient)
  AND (:account_id IS NULL OR account_id = :account_id)
  AND (:line IS NULL OR line = :line) AND (:state IS NULL OR state = :state)
  AND (:since_at IS NULL OR accepted_at >= :since_at) AND (:until_at IS NULL OR accepted_at < :until_at)
ORDER BY id DESC LIMIT :limit;
