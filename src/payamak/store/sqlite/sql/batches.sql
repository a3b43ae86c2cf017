-- name: messages_of_own_ids
-- The messages that were accepted under the caller's own ids of a kind, and the digests of their bodies.
SELECT o.kind, o.key, o.message_id, o.digest FROM json_each(?1) AS wanted
CROSS JOIN own_id o ON o.account_id = ?2 AND o.kind = ?3 AND o.key = wanted.value;

-- name: insert_own_id
-- Take a caller's id, in the transaction that accepts its message.
INSERT INTO own_id (account_id, kind, key, message_id, accepted_at, digest) VALUES (?, ?, ?, ?, ?, ?);

-- name: forget_own_id
-- Give a caller's id free again: its message was taken back before anyone was told of it.
DELETE FROM own_id WHERE account_id = ? AND kind = ? AND key = ? AND message_id = ?;

-- name: outbox
-- What was accepted under the caller's ids, and where it stands; a message that is too old to be kept has no state.
SELECT o.key, o.message_id, o.accepted_at, m.state, m.reason, m.was_taken FROM json_each(?1) AS wanted
CROSS JOIN own_id o ON o.account_id = ?2 AND o.kind = ?3 AND o.key = wanted.value
LEFT JOIN message m ON m.id = o.message_id;
