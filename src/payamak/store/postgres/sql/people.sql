-- columns: user
id, name, key, password_hash, credential_version, account_id, role, is_active, made_at, last_login_at

-- name: users
-- All people; those of one account, or of the house, beside each other.
SELECT {user} FROM panel_user ORDER BY account_id NULLS FIRST, key LIMIT $1;

-- name: user_of_key
-- A person by the name as names are compared.
SELECT {user} FROM panel_user WHERE key = $1;

-- name: user_of_id
-- A person by number.
SELECT {user} FROM panel_user WHERE id = $1;

-- name: any_user
-- Whether there is anybody.
SELECT 1 FROM panel_user LIMIT 1;

-- name: count_users
-- How many people there are.
SELECT count(*) FROM panel_user;

-- name: insert_user
-- A person more.
WITH next AS (UPDATE last_id SET seq = seq + 1 WHERE name = 'panel_user' RETURNING seq)
INSERT INTO panel_user (id, name, key, password_hash, credential_version, account_id, role, is_active, made_at)
SELECT seq, $1, $2, $3, $4, $5, $6, $7, $8 FROM next RETURNING id;

-- name: update_user
-- What may change of a person.
UPDATE panel_user SET password_hash = $2, credential_version = $3, role = $4, is_active = $5 WHERE id = $1;

-- name: signed_in
-- When a person last signed in.
UPDATE panel_user SET last_login_at = $2 WHERE id = $1;

-- name: delete_user
-- A person goes; his sessions and views with him.
DELETE FROM panel_user WHERE id = $1;

-- name: session_of_digest
-- A session.
SELECT digest, user_id, credential_version, begun_at, used_at FROM panel_session WHERE digest = $1;

-- name: sessions_of_user
-- A person's sessions, the latest first.
SELECT digest, user_id, credential_version, begun_at, used_at FROM panel_session
WHERE user_id = $1 ORDER BY begun_at DESC;

-- name: insert_session
-- A person has signed in.
INSERT INTO panel_session (digest, user_id, credential_version, begun_at, used_at) VALUES ($1, $2, $3, $4, $5);

-- name: use_session
-- It was used, unless a later use is known.
UPDATE panel_session SET used_at = greatest(used_at, $2) WHERE digest = $1;

-- name: end_session
-- It is over.
DELETE FROM panel_session WHERE digest = $1;

-- name: end_sessions
-- All of a person's, but for one if it is named.
DELETE FROM panel_session WHERE user_id = $1 AND digest IS DISTINCT FROM $2;

-- name: bind_sessions
-- What is left of a person's sessions goes on under his new password.
UPDATE panel_session SET credential_version = $2 WHERE user_id = $1;

-- name: bound_sessions
-- The oldest of a person's go when there are too many.
DELETE FROM panel_session WHERE digest IN
  (SELECT digest FROM panel_session WHERE user_id = $1 ORDER BY begun_at DESC OFFSET $2);

-- name: forget_sessions
-- Those that began before an instant.
DELETE FROM panel_session WHERE begun_at <= $1;

-- name: insert_view
-- What a list was searched by.
INSERT INTO panel_view (name, user_id, filters, made_at) VALUES ($1, $2, $3, $4);

-- name: view_of_name
-- The same by its name, of the person who made it.
SELECT name, user_id, filters, made_at FROM panel_view WHERE name = $1 AND user_id = $2;

-- name: bound_views
-- The oldest of a person's go when there are too many.
DELETE FROM panel_view WHERE name IN
  (SELECT name FROM panel_view WHERE user_id = $1 ORDER BY made_at DESC OFFSET $2);

-- name: forget_views
-- Those that were made before an instant.
DELETE FROM panel_view WHERE made_at <= $1;
