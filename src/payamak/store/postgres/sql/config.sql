-- name: documents
-- The whole configuration.
SELECT kind, name, body FROM config ORDER BY kind, name;

-- name: document
-- One document.
SELECT body FROM config WHERE kind = $1 AND name = $2;

-- name: put_document
-- Add or replace a document.
INSERT INTO config (kind, name, body) VALUES ($1, $2, $3) ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body;

-- name: remove_document
-- Take a document away.
DELETE FROM config WHERE kind = $1 AND name = $2;

-- name: meta
-- One counter or switch.
SELECT value FROM meta WHERE key = $1;

-- name: set_meta
-- Set a counter or switch.
INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: grow_meta
-- Count one up.
UPDATE meta SET value = value + 1 WHERE key = $1;

-- name: opt_outs_of
-- What is known of a recipient.
SELECT line, code FROM optout WHERE recipient = $1 AND (expires_at IS NULL OR expires_at > $2);

-- name: opt_outs_of_many
-- The same of many recipients, who travel as one JSON array: a look-up by key for each of them, one statement for all.
SELECT o.recipient, o.line, o.code FROM jsonb_array_elements_text($1::jsonb) AS wanted (recipient)
JOIN optout o ON o.recipient = wanted.recipient
WHERE o.expires_at IS NULL OR o.expires_at > $2;

-- name: put_opt_out
-- Learn one; an imported or hand-made one is not shortened by a learned one.
INSERT INTO optout (recipient, line, code, source, learned_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (recipient, line) DO UPDATE SET code = excluded.code, source = excluded.source,
  learned_at = excluded.learned_at, expires_at = excluded.expires_at, is_doubtful = 0
WHERE excluded.source <> 'learned' OR optout.source = 'learned'
  OR (optout.expires_at IS NOT NULL AND optout.expires_at <= excluded.learned_at);

-- name: doubt_opt_out
-- Learn one that is doubtful: it takes the place of one that would end, never of one that holds for good.
INSERT INTO optout (recipient, line, code, source, learned_at, expires_at, is_doubtful) VALUES ($1, $2, $3, $4, $5, NULL, 1)
ON CONFLICT (recipient, line) DO UPDATE SET code = excluded.code, source = excluded.source,
  learned_at = excluded.learned_at, expires_at = NULL, is_doubtful = 1
WHERE optout.expires_at IS NOT NULL;

-- name: doubtful_opt_outs
-- How many opt-outs are doubtful.
SELECT count(*) FROM optout WHERE is_doubtful = 1;

-- name: forget_opt_out
-- Forget one.
DELETE FROM optout WHERE recipient = $1 AND line = $2;

-- name: forget_opt_outs
-- Forget all of a recipient.
DELETE FROM optout WHERE recipient = $1;

-- name: forget_expired_opt_outs
-- Sweep what has expired, a little at a time.
DELETE FROM optout WHERE (recipient, line) IN
  (SELECT recipient, line FROM optout WHERE expires_at IS NOT NULL AND expires_at <= $1 LIMIT $2);

-- name: opt_outs
-- A page of the list, by recipient.
SELECT recipient, line, code, source, learned_at, expires_at, is_doubtful FROM optout
WHERE ($1::text IS NULL OR recipient = $1) AND ($2::text IS NULL OR line = $2) AND recipient > $3 ORDER BY recipient, line LIMIT $4;
