-- name: add_usage
-- What a transaction adds to a sum of a day.
INSERT INTO usage_day (day, account_id, line, encoding, source, campaign, first_operator, what, count, parts, rial)
VALUES (?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT DO UPDATE SET count = count + excluded.count, parts = parts + excluded.parts, rial = rial + excluded.rial;

-- name: usage_sums
-- The sums of some days, told apart by what is asked for; what is not, is NULL.
SELECT CASE WHEN :by_day THEN day END AS day, CASE WHEN :by_account THEN account_id END AS account_id,
  CASE WHEN :by_line THEN line END AS line, CASE WHEN :by_language THEN encoding END AS encoding,
  CASE WHEN :by_source THEN source END AS source, CASE WHEN :by_campaign THEN campaign END AS campaign,
  CASE WHEN :by_operator THEN first_operator END AS first_operator,
  sum(CASE WHEN what = 'charged' OR what = 'refunded' THEN 0 ELSE count END) AS messages,
  sum(CASE WHEN what = 'charged' OR what = 'refunded' THEN 0 ELSE parts END) AS parts,
  sum(CASE WHEN what = 'delivered' THEN count ELSE 0 END) AS delivered,
  sum(CASE WHEN what = 'undeliverable' THEN count ELSE 0 END) AS undeliverable,
  sum(CASE WHEN what = 'rejected' THEN count ELSE 0 END) AS rejected,
  sum(CASE WHEN what = 'expired' THEN count ELSE 0 END) AS expired,
  sum(CASE WHEN what = 'cancelled' THEN count ELSE 0 END) AS cancelled,
  sum(CASE WHEN what = 'unknown' THEN count ELSE 0 END) AS unknown,
  sum(CASE WHEN what = 'enroute' THEN count ELSE 0 END) AS untold,
  sum(CASE WHEN what = 'charged' THEN parts ELSE 0 END) AS charged_parts,
  sum(CASE WHEN what = 'charged' THEN rial ELSE 0 END) AS charged,
  sum(CASE WHEN what = 'refunded' THEN parts ELSE 0 END) AS refunded_parts,
  sum(CASE WHEN what = 'refunded' THEN rial ELSE 0 END) AS refunded
FROM usage_day
WHERE day BETWEEN :first_day AND :last_day AND (:account_id IS NULL OR account_id = :account_id)
  AND (:campaign IS NULL OR campaign = :campaign)
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7;

-- name: credits
-- What was paid in to an account in a time, and paid back (below zero), in its order.
SELECT at, CASE target WHEN 'available' THEN amount ELSE -amount END AS rial, coalesce(note, '') AS note,
  coalesce(reference, '') AS reference
FROM ledger WHERE account_id = ?1 AND kind = 'credit' AND at >= ?2 AND at < ?3 ORDER BY at, id;

-- name: charged_by_sums
-- What every account was charged, less what was paid back, by the sums of all days.
SELECT account_id, sum(CASE what WHEN 'charged' THEN rial WHEN 'refunded' THEN -rial ELSE 0 END) AS rial
FROM usage_day GROUP BY account_id;
