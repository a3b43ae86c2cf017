-- name: waiting_by_reason
-- What waits, by line, class and reason: through the index of what is open, and each row that waits.
SELECT line, lane, reason, count(*) AS count, min(accepted_at) AS oldest_accepted_at
FROM message WHERE state = 'queued' AND is_final = 0 GROUP BY line, lane, reason ORDER BY line, lane, reason;

-- name: purses
-- What each account has.
SELECT username, available, reserved FROM account ORDER BY username;

-- name: unmatched_by_upstream
-- Receipts that nobody claims: a look through their own index.
SELECT upstream AS name, count(*) AS count FROM receipt WHERE standing = 'unmatched' GROUP BY upstream;

-- name: relay_queue
-- What waits to be posted; of what was given up only the newest messages are looked through, for no index names it.
SELECT count(*) AS waiting, min(waiting_since) AS oldest_at,
  (SELECT count(*) FROM received WHERE id > (SELECT max(id) FROM received) - $1 AND relay = 'dead') AS dead
FROM received WHERE relay = 'waiting';
