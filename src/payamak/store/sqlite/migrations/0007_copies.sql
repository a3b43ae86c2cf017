-- Runs before the new code; the old code does not look at it.
-- Of the current step: for each part how many of its tries stayed without an answer (a digit each), the parts of which
-- no further copy goes because receipts are awaited (numbers joined by commas), and how many links broke at it alone.
ALTER TABLE message ADD COLUMN unanswered TEXT NOT NULL DEFAULT '' CHECK (unanswered NOT GLOB '*[^0-9]*');
ALTER TABLE message ADD COLUMN awaited TEXT NOT NULL DEFAULT '' CHECK (awaited NOT GLOB '*[^0-9,]*');
ALTER TABLE message ADD COLUMN breaks INTEGER NOT NULL DEFAULT 0 CHECK (breaks >= 0);
-- What is open and was sent without an answer has had copies already: they are counted too.
UPDATE message SET unanswered = coalesce((
  SELECT group_concat(lost, '') FROM (
    SELECT min(9, sum(CASE WHEN p.answer = 'ambiguous' THEN 1 ELSE 0 END)) AS lost FROM part p
    WHERE p.message_id = message.id AND p.step = message.step GROUP BY p.part ORDER BY p.part
  )), '')
WHERE is_final = 0 AND state IN ('queued', 'sending') AND tries > 0;
