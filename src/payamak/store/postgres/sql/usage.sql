-- name: add_usage
-- What a transaction adds to a sum of a day.
INSERT INTO usage_day (account_id, day, line, encoding, source, campaign, first_operator, what, count, parts, rial)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
  $9::bigint[], $10::bigint[], $11::bigint[])
ON CONFLICT (day, account_id, line, encoding, source, campaign, first_operator, what) DO UPDATE
  SET count = usage_day.count + excluded.count, parts = usage_day.parts + excluded.parts, rial = usage_day.rial + excluded.rial;

-- name: usage_sums
-- The sums of some days, told apart by what is asked for; what is not, is NULL.
SELECT CASE WHEN :by_day::boolean THEN day END AS day, CASE WHEN :by_account::boolean THEN account_id END AS account_id,
  CASE WHEN :by_line::boolean THEN line END AS line, CASE WHEN :by_language::boolean THEN encoding END AS encoding,
  CASE WHEN :by_source::boolean THEN source END AS source, CASE WHEN :by_campaign::boolean THEN campaign END AS campaign,
  CASE WHEN :by_operator::boolean THEN first_operator END AS first_operator,
  sum(CASE WHEN what = 'charged' OR what = 'refunded' THEN 0 ELSE count END)::bigint AS messages,
  sum(CASE WHEN what = 'charged' OR what = 'refunded' THEN 0 ELSE parts END)::bigint AS parts,
  sum(CASE WHEN what = 'delivered' THEN count ELSE 0 END)::bigint AS delivered,
  sum(CASE WHEN what = 'undeliverable' THEN count ELSE 0 END)::bigint AS undeliverable,
  sum(CASE WHEN what = 'rejected' THEN count ELSE 0 END)::bigint AS rejected,
  sum(CASE WHEN what = 'expired' THEN count ELSE 0 END)::bigint AS expired,
  sum(CASE WHEN what = 'cancelled' THEN count ELSE 0 END)::bigint AS cancelled,
  sum(CASE WHEN what = 'unknown' THEN count ELSE 0 END)::bigint AS unknown,
  sum(CASE WHEN what = 'enroute' THEN count ELSE 0 END)::bigint AS untold,
  sum(CASE WHEN what = 'charged' THEN parts ELSE 0 END)::bigint AS charged_parts,
  sum(CASE WHEN what = 'charged' THEN rial ELSE 0 END)::bigint AS charged,
  sum(CASE WHEN what = 'refunded' THEN parts ELSE 0 END)::bigint AS refunded_parts,
  sum(CASE WHEN what = 'refunded' THEN rial ELSE 0 END)::bigint AS refunded
FROM usage_day
WHERE day BETWEEN :first_day AND :last_day AND (:account_id::bigint IS NULL OR account_id = :account_id)
  AND (:campaign::bigint IS NULL OR campaign = :campaign)
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7;

-- name: credits
-- What was paid in to an account in a time, and paid back (below zero), in its order.
SELECT at, CASE target WHEN 'available' THEN amount ELSE -amount END AS rial, coalesce(note, '') AS note,
  coalesce(reference, '') AS reference
FROM ledger WHERE account_id = $1 AND kind = 'credit' AND at >= $2 AND at < $3 ORDER BY at, id;

-- name: charged_by_sums
-- What every account was charged, less what was paid back, by the sums of all days.
SELECT account_id, sum(CASE what WHEN 'charged' THEN rial WHEN 'refunded' THEN -rial ELSE 0 END)::bigint AS rial
FROM usage_day GROUP BY account_id;
