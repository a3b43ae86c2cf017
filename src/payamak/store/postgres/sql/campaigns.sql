-- name: insert_campaign
-- A new draft; the table gives its number.
WITH next AS (UPDATE last_id SET seq = seq + 1 WHERE name = 'campaign' RETURNING seq)
INSERT INTO campaign (id, {campaign_kept}) SELECT seq, {campaign_kept_values} FROM next RETURNING id;

-- name: campaign
-- One campaign.
SELECT {campaign} FROM campaign WHERE id = $1;

-- name: campaigns
-- Campaigns of an account, or all (NULL), below a number, the newest first.
SELECT {campaign} FROM campaign WHERE ($1::bigint IS NULL OR account_id = $1) AND id < $2 ORDER BY id DESC LIMIT $3;

-- name: campaigns_at_work
-- What a feeder has to do with.
SELECT {campaign} FROM campaign
WHERE state = 'scheduled' OR state = 'sending' OR state = 'paused' OR (state = 'cancelled' AND final < made) ORDER BY id;

-- name: campaigns_of_digest
-- Other campaigns of an account with the same file that were started since an instant.
SELECT id FROM campaign WHERE account_id = $1 AND id <> $2 AND digest = $3 AND started_at >= $4 ORDER BY id;

-- name: update_campaign
-- The whole of what may change but for what count_campaign_ends counts.
UPDATE campaign SET {campaign_changes} WHERE id = {campaign_changes_id};

-- name: count_campaign_ends
-- Messages of a campaign have become final, or failed.
UPDATE campaign SET final = campaign.final + given.final, failed = campaign.failed + given.failed
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS given (final, failed, id) WHERE campaign.id = given.id;

-- name: hold_campaigns
-- The store is a copy that was put back: what its campaigns have sent since, nobody here knows.
UPDATE campaign SET state = 'paused', reason = 'restored', version = version + 1
WHERE state = 'scheduled' OR state = 'sending' OR state = 'paused';

-- name: insert_row
-- A row of a file.
INSERT INTO campaign_row (campaign_id, n, recipient, fields, outcome, why)
SELECT given.campaign_id, given.n, given.recipient, given.fields, 'pending', ''
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS given (campaign_id, n, recipient, fields);

-- name: rows_after
-- The next rows of a campaign.
SELECT {campaign_row} FROM campaign_row WHERE campaign_id = $1 AND n > $2 ORDER BY n LIMIT $3;

-- name: rows_of_outcome_after
-- The next rows of a campaign of an outcome.
SELECT {campaign_row} FROM campaign_row WHERE campaign_id = $1 AND n > $2 AND outcome = $3 ORDER BY n LIMIT $4;

-- name: pending_numbers
-- The numbers of the next rows that wait.
SELECT n FROM campaign_row WHERE campaign_id = $1 AND n > $2 AND outcome = 'pending' ORDER BY n LIMIT $3;

-- name: count_rows
-- How many rows of a campaign there are.
SELECT count(*) FROM campaign_row WHERE campaign_id = $1;

-- name: set_row
-- What has become of a row.
UPDATE campaign_row SET outcome = given.outcome, why = given.why, code = given.code, message_id = given.message_id
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
  AS given (outcome, why, code, message_id, campaign_id, n)
WHERE campaign_row.campaign_id = given.campaign_id AND campaign_row.n = given.n;

-- name: row_bars
-- How many rows of a campaign were left out or refused, by why.
SELECT outcome || ':' || why || ':' || coalesce(code::text, '') AS name, count(*) AS count FROM campaign_row
WHERE campaign_id = $1 AND outcome <> 'pending' AND outcome <> 'made' GROUP BY outcome, why, code;

-- name: waiting_of_campaign
-- Messages of a campaign that wait for the wire.
SELECT count(*) FROM message WHERE campaign_id = $1 AND campaign_id <> 0 AND state = 'queued';

-- name: to_pause
-- Those of them that a pause stops: not what is stopped, or waits for a person or for receipts.
SELECT id FROM message WHERE campaign_id = $1 AND campaign_id <> 0 AND state = 'queued'
  AND reason <> 'paused' AND reason <> 'restored' AND reason <> 'receipts_awaited' ORDER BY id LIMIT nullif($2::bigint, -1);

-- name: to_go_on
-- Those of them that a pause has stopped, in their order.
SELECT id FROM message WHERE campaign_id = $1 AND campaign_id <> 0 AND state = 'queued' AND reason = 'paused'
ORDER BY id LIMIT nullif($2::bigint, -1);

-- name: to_take_back
-- All of them that may be taken back.
SELECT id FROM message WHERE campaign_id = $1 AND campaign_id <> 0 AND state = 'queued' ORDER BY id LIMIT nullif($2::bigint, -1);

-- name: audience_after
-- The next rows of a campaign, with where their messages stand.
SELECT r.n, r.recipient, r.fields, r.why, m.state FROM campaign_row r LEFT JOIN message m ON m.id = r.message_id
WHERE r.campaign_id = $1 AND r.n > $2 ORDER BY r.n LIMIT $3;

-- name: proven_rows
-- Every row of a campaign beside its message, in the order of the file.
SELECT r.n, r.outcome, r.message_id, m.campaign_id AS of_campaign, m.charged, m.reserved, m.copies, m.recipient, m.is_final
FROM campaign_row r LEFT JOIN message m ON m.id = r.message_id WHERE r.campaign_id = $1 ORDER BY r.n;

-- name: shared_messages
-- Rows of a campaign that name a message which another of its rows names.
SELECT count(message_id) - count(DISTINCT message_id) FROM campaign_row WHERE campaign_id = $1;

-- name: oldest_message
-- The first message that is still kept.
SELECT min(id) FROM message;

-- name: messages_of_campaign
-- How many messages say that they are of a campaign.
SELECT count(*) FROM message WHERE campaign_id = $1 AND campaign_id <> 0;

-- name: campaign_attempts
-- Parts of a campaign's messages by what became of them: attempts, those answered with "taken", receipts.
SELECT 'attempts' AS name, count(*) AS count FROM message m JOIN part p ON p.message_id = m.id
WHERE m.campaign_id = $1 AND m.campaign_id <> 0
UNION ALL SELECT 'taken', count(*) FROM message m JOIN part p ON p.message_id = m.id
WHERE m.campaign_id = $1 AND m.campaign_id <> 0 AND p.answer = 'taken'
UNION ALL SELECT 'receipts', count(*) FROM message m JOIN part p ON p.message_id = m.id
WHERE m.campaign_id = $1 AND m.campaign_id <> 0 AND p.receipt IS NOT NULL;

-- name: entries_of_campaign
-- What was held for a campaign and what of it went on or back, by purse.
SELECT source, target, sum(amount)::bigint AS amount FROM ledger WHERE campaign_id = $1 GROUP BY source, target;

-- name: entries_of_its_messages
-- The money of a campaign's messages, by purse.
SELECT l.source, l.target, sum(l.amount)::bigint AS amount FROM message m JOIN ledger l ON l.message_id = m.id
WHERE m.campaign_id = $1 AND m.campaign_id <> 0 GROUP BY l.source, l.target;

-- name: insert_hold
-- An entry of what is held for a campaign.
INSERT INTO ledger (at, account_id, kind, source, target, amount, note, campaign_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: holds
-- What is held for campaigns, by account.
SELECT account_id, sum(held_rial)::bigint AS held FROM campaign WHERE held_rial > 0 GROUP BY account_id;

-- name: old_campaigns
-- Campaigns of an account that ended, or drafts that were made, before an instant.
SELECT id FROM campaign WHERE account_id = $1
  AND (finished_at < $2 OR (started_at IS NULL AND state <> 'cancelled' AND created_at < $3)) ORDER BY id LIMIT $4;

-- name: delete_rows
-- Some rows of a campaign that goes.
DELETE FROM campaign_row WHERE campaign_id = $1
  AND n <= (SELECT max(n) FROM (SELECT n FROM campaign_row WHERE campaign_id = $1 ORDER BY n LIMIT $2) AS first);

-- name: delete_campaign
-- A campaign whose rows are gone.
DELETE FROM campaign WHERE id = $1;

-- name: open_campaigns
-- Campaigns of an account that were started and have not ended.
SELECT id FROM campaign
WHERE account_id = $1 AND state <> 'finished' AND state <> 'cancelled' AND started_at IS NOT NULL ORDER BY id;
