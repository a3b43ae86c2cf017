-- name: enter_act
-- What an act has done to one thing; of its further transactions the count, and how it is by now.
INSERT INTO audit (at, act, who, command, reason, what, about, "before", "after", count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (act, what, about) DO UPDATE SET count = count + excluded.count, "after" = excluded."after";

-- name: bound_audit
-- The oldest rows go when there are too many.
DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?;

-- name: forget_acts
-- Rows up to an instant, a little at a time.
DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at <= ? ORDER BY at LIMIT ?);

-- name: set_audit_back
-- Acts that were entered then.
UPDATE audit SET at = at - ?1 WHERE at > ?2;

-- name: acts
-- The latest first.
SELECT id, at, act, who, command, reason, what, about, "before", "after", count FROM audit
WHERE (:who IS NULL OR who = :who) AND (:about IS NULL OR instr(about, :about)) AND (:since_at IS NULL OR at >= :since_at)
  AND (:until_at IS NULL OR at < :until_at) AND (:before_id IS NULL OR id < :before_id)
ORDER BY id DESC LIMIT :limit;
