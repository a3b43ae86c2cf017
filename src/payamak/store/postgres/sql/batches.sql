-- name: messages_of_own_ids
-- The messages that were accepted under the caller's own ids of a kind, and the digests of their bodies.
SELECT o.kind, o.key, o.message_id, o.digest FROM jsonb_array_elements_text($1::jsonb) AS wanted (key)
JOIN own_id o ON o.account_id = $2 AND o.kind = $3 AND o.key = wanted.key;

-- name: insert_own_id
-- Take a caller's id, in the transaction that accepts its message.
INSERT INTO own_id (account_id, kind, key, message_id, accepted_at, digest)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[]);

-- name: forget_own_id
-- Give a caller's id free again: its message was taken back before anyone was told of it.
DELETE FROM own_id WHERE account_id = $1 AND kind = $2 AND key = $3 AND message_id = $4;

-- name: outbox
-- What was accepted under the caller's ids, and where it stands; a message that is too old to be kept has no state.
SELECT o.key, o.message_id, o.accepted_at, m.state, m.reason, m.was_taken FROM jsonb_array_elements_text($1::jsonb) AS wanted (key)
JOIN own_id o ON o.account_id = $2 AND o.kind = $3 AND o.key = wanted.key
LEFT JOIN message m ON m.id = o.message_id;
