-- name: standings
-- Where an account's messages stand; other accounts' ids and unknown ones are left out alike.
SELECT m.id, m.state, m.reason, m.was_taken FROM json_each(?1) AS wanted
CROSS JOIN message m ON m.id = wanted.value WHERE m.account_id = ?2;

-- name: search_by_recipient
-- Messages of a recipient, newest first.
SELECT {message} FROM message
WHERE recipient = :recipient AND id < :before_id AND (:account_id IS NULL OR account_id = :account_id)
  AND (:line IS NULL OR line = :line) AND (:state IS NULL OR state = :state)
  AND (:since_at IS NULL OR accepted_at >= :since_at) AND (:until_at IS NULL OR accepted_at < :until_at)
ORDER BY id DESC LIMIT :limit;

-- name: search_by_time
-- Messages of any recipient, newest first.
SELECT {message} FROM message
WHERE id < :before_id AND (:recipient IS NULL OR recipient = :recipient)
  AND (:account_id IS NULL OR account_id = :account_id)
  AND (:line IS NULL OR line = :line) AND (:state IS NULL OR state = :state)
  AND (:since_at IS NULL OR accepted_at >= :since_at) AND (:until_at IS NULL OR accepted_at < :until_at)
ORDER BY id DESC LIMIT :limit;

-- name: floor_of_account
-- How far a page of an account's messages looks: the last of so many below an id.
SELECT id, accepted_at FROM message WHERE account_id = ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ?;

-- name: search_of_account
-- An account's messages, newest first, down to there.
SELECT {message} FROM message
WHERE account_id = :account_id AND id < :before_id AND id >= :floor_id
  AND (:line IS NULL OR line = :line) AND (:state IS NULL OR state = :state)
  AND (:since_at IS NULL OR accepted_at >= :since_at) AND (:until_at IS NULL OR accepted_at < :until_at)
ORDER BY id DESC LIMIT :limit;

-- name: open_operator_ids
-- A page of the messages that wait for receipts, each with the ids of its parts on one upstream, if it has any there. The
-- page is cut before the parts are looked up, so that each costs the same, whoever took its messages.
SELECT m.line, m.deadline_at, m.id, m.recipient, p.operator_id, p.answered_at
FROM (SELECT id, line, deadline_at, recipient FROM message
      WHERE state = 'enroute' AND is_final = 0 AND (line, deadline_at, id) > (?2, ?3, ?4)
      ORDER BY line, deadline_at, id LIMIT ?5) AS m
LEFT JOIN part p ON p.message_id = m.id AND p.upstream = ?1 AND p.answer = 'taken' AND p.receipt IS NULL;

-- name: last_turn
-- The latest turn given to a waiting message of a paced line.
SELECT max(due_at) FROM message WHERE line = ?1 AND state = 'queued' AND owner = 0 AND reason = 'paced';

-- name: traffic
-- Parts of the messages that were accepted in a time, by the line and the upstream by which they went. Ids are given in the
-- order of acceptance: the newest ones are looked through down to the time. A copy is a part that went when the answer to
-- an earlier try was lost, whatever came of that later.
SELECT coalesce(json_extract(m.plan, '$[' || p.step || '].earlier_lines[' || (p.try_no - 1) || ']'),
    json_extract(m.plan, '$[' || p.step || '].line')) AS line,
  p.upstream, count(*) AS parts, sum(p.answer IS 'taken') AS taken, sum(p.receipt IS 'd') AS delivered,
  sum(EXISTS (SELECT 1 FROM part q WHERE q.message_id = p.message_id AND q.step = p.step AND q.part = p.part
    AND q.try_no < p.try_no AND (q.answer IS NULL OR q.answer = 'ambiguous' OR q.answered_at > p.on_wire_at))) AS copies
FROM message m CROSS JOIN part p ON p.message_id = m.id
WHERE m.id > coalesce((SELECT id FROM message WHERE accepted_at < ?1 ORDER BY id DESC LIMIT 1), 0) AND m.accepted_at < ?2
GROUP BY 1, p.upstream ORDER BY 1, p.upstream;
