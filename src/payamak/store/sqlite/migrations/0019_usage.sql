-- Runs before the new code; the older code does not look at it, and what it does meanwhile is missing in the sums. Takes
-- some 10 s for each million messages.

-- What messages ended as and which money moved, by day (domain/usage.py). Never removed. `day` counts from 1970-01-01 in
-- Tehran; 0 is not known. `what` is the state in which messages ended, `charged` or `refunded`.
CREATE TABLE usage_day (
  day            INTEGER NOT NULL,
  account_id     INTEGER NOT NULL,
  line           TEXT NOT NULL,
  encoding       TEXT NOT NULL,
  source         TEXT NOT NULL,
  campaign       INTEGER NOT NULL,
  first_operator TEXT NOT NULL,
  what           TEXT NOT NULL,
  count          INTEGER NOT NULL,
  parts          INTEGER NOT NULL,
  rial           INTEGER NOT NULL,
  PRIMARY KEY (day, account_id, line, encoding, source, campaign, first_operator, what)
) WITHOUT ROWID;

-- What was paid in and back: a statement lists it.
CREATE INDEX ledger_credit ON ledger (account_id, at) WHERE kind = 'credit';

-- From which day on the sums are whole: of messages that were removed before, nobody knows the days any more. They were
-- folded into the opening entries, the last ones on the day of `at`.
INSERT INTO meta SELECT 'usage_from', coalesce(max(at + 12600000) / 86400000 + 1, 0) FROM ledger WHERE kind = 'opening';

-- Whose a number was first (domain/usage.py), as it was when this was written.
CREATE TEMP TABLE plan_of_numbers (code TEXT PRIMARY KEY, first_operator TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO plan_of_numbers
WITH RECURSIVE code (n) AS (SELECT 900 UNION ALL SELECT n + 1 FROM code WHERE n < 999)
SELECT n, CASE
  WHEN n BETWEEN 910 AND 919 OR n BETWEEN 990 AND 994 OR n = 932 OR n = 996 THEN 'mci'
  WHEN n BETWEEN 900 AND 905 OR n BETWEEN 935 AND 939 OR n IN (930, 933, 941, 999) THEN 'irancell'
  WHEN n BETWEEN 920 AND 923 OR n = 998 THEN 'rightel'
  ELSE 'other' END FROM code;

-- Ends: on the day of the message's last change, which a late receipt may have made.
INSERT INTO usage_day
SELECT (m.changed_at + 12600000) / 86400000, m.account_id, m.line, json_extract(m.plan, '$[' || m.step || '].encoding'),
  m.source, 0, p.first_operator, m.state, count(*), sum(json_extract(m.plan, '$[' || m.step || '].parts')), 0
FROM message m JOIN plan_of_numbers p ON p.code = substr(m.recipient, 3, 3) WHERE m.is_final = 1
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

-- Money: on the day of its entry; by the step of which the operator told in that instant, else by the one that had been on
-- the wire last.
INSERT INTO usage_day
SELECT day, account_id, json_extract(plan, '$[' || step || '].line'), json_extract(plan, '$[' || step || '].encoding'),
  source, 0, first_operator, what, count(*), sum(json_extract(plan, '$[' || step || '].parts')), sum(rial)
FROM (SELECT (l.at + 12600000) / 86400000 AS day, l.account_id, m.plan, m.source, p.first_operator, sum(l.amount) AS rial,
        CASE l.kind WHEN 'settle' THEN 'charged' ELSE 'refunded' END AS what,
        coalesce((SELECT CASE l.kind WHEN 'settle' THEN max(step) ELSE min(step) END FROM part
                  WHERE message_id = m.id AND (receipt_at = l.at OR answered_at = l.at)),
                 (SELECT max(step) FROM part WHERE message_id = m.id AND on_wire_at <= l.at), m.step) AS step
      FROM ledger l JOIN message m ON m.id = l.message_id JOIN plan_of_numbers p ON p.code = substr(m.recipient, 3, 3)
      WHERE l.kind = 'settle' OR l.kind = 'refund' GROUP BY m.id, l.at, l.kind)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

-- The money of what was removed: so much, on days and by lines that nobody knows.
INSERT INTO usage_day
SELECT 0, account_id, '', '', '', 0, '', CASE target WHEN 'revenue' THEN 'charged' ELSE 'refunded' END, 0, 0, sum(amount)
FROM ledger WHERE kind = 'opening' AND 'revenue' IN (source, target) GROUP BY account_id, 8;

DROP TABLE plan_of_numbers;
