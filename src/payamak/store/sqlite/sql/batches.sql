-- name: messages_of_check_ids
-- The messages that were accepted under the caller's own ids, and the digests of their bodies.
SELECT c.check_id, c.message_id, c.digest FROM json_each(?1) AS wanted
CROSS JOIN check_id c ON c.account_id = ?2 AND c.check_id = wanted.value;

-- name: insert_check_id
-- Take a caller's id, in the transaction that accepts its message.
INSERT INTO check_id (account_id, check_id, message_id, accepted_at, digest) VALUES (?, ?, ?, ?, ?);

-- name: forget_check_id
-- Give a caller's id free again: its message was taken back before anyone was told of it.
DELETE FROM check_id WHERE account_id = ? AND check_id = ? AND message_id = ?;

-- name: outbox
-- What was accepted under the caller's ids, and where it stands; a message that is too old to be kept has no state.
SELECT c.check_id, c.message_id, c.accepted_at, m.state, m.reason, m.was_taken FROM json_each(?1) AS wanted
CROSS JOIN check_id c ON c.account_id = ?2 AND c.check_id = wanted.value
LEFT JOIN message m ON m.id = c.message_id;
