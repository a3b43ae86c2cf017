-- name: enter_act
-- What an act has done to one thing; of its further transactions the count, and how it is by now.
INSERT INTO audit (at, act, who, command, reason, what, about, "before", "after", count)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (act, what, about) DO UPDATE SET count = audit.count + excluded.count, "after" = excluded."after";

-- name: bound_audit
-- The oldest rows go when there are too many.
DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - $1;

-- name: forget_acts
-- Rows up to an instant, a little at a time.
DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at <= $1 ORDER BY at LIMIT $2);

-- name: set_audit_back
-- Acts that were entered then.
UPDATE audit SET at = at - $1 WHERE at > $2;

-- name: acts
-- The latest first.
SELECT id, at, act, who, command, reason, what, about, "before", "after", count FROM audit
WHERE (:who::text IS NULL OR who = :who) AND (:about::text IS NULL OR strpos(about, :about) > 0) AND (:since_at::bigint IS NULL OR at >= :since_at)
  AND (:until_at::bigint IS NULL OR at < :until_at) AND (:before_id::bigint IS NULL OR id < :before_id)
ORDER BY id DESC LIMIT :limit;
