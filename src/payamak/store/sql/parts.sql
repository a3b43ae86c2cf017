-- name: open_part
-- An attempt at one part, committed before its octets leave.
INSERT INTO part (message_id, step, try_no, part, link, upstream, on_wire_at) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: answer_part
-- What the operator said; a definite answer may replace an ambiguous one, never the other way round. An id that a
-- receipt has brought to a part without an answer stays.
UPDATE part SET answer = ?1, status = ?2, code = ?3, operator_id = coalesce(?4, operator_id),
  operator_key = coalesce(?5, operator_key), answered_at = ?6
WHERE message_id = ?7 AND step = ?8 AND try_no = ?9 AND part = ?10 AND (answer IS NULL OR answer = 'ambiguous');

-- name: lose_part
-- Its answer will not come any more.
UPDATE part SET answer = 'ambiguous', answered_at = ?1
WHERE message_id = ?2 AND step = ?3 AND try_no = ?4 AND part = ?5 AND answer IS NULL;

-- name: unanswered_parts
-- The parts of an attempt that have neither answer nor receipt.
SELECT part FROM part
WHERE message_id = ? AND step = ? AND try_no = ? AND answer IS NULL AND receipt IS NULL ORDER BY part;

-- name: parts_of_message
-- The whole record of a message's attempts.
SELECT step, try_no, part, link, upstream, on_wire_at, answer, status, code, operator_id, answered_at, receipt,
  receipt_stat, receipt_err, receipt_at
FROM part WHERE message_id = ? ORDER BY step, try_no, part;

-- name: part_by_operator_id
-- The parts that the operator took under this id, newest first; recurring ids are told apart by the recipient.
-- Then whether the id is written exactly alike, since when the part is under way, and whether an answer named the id.
SELECT p.message_id, p.step, p.try_no, p.part, p.receipt, m.recipient, p.operator_id = ?3, p.on_wire_at,
  p.answer = 'taken'
FROM part p CROSS JOIN message m ON m.id = p.message_id
WHERE p.upstream = ?1 AND p.operator_key = ?2 ORDER BY p.answered_at DESC, p.message_id DESC LIMIT 200;

-- name: ambiguous_parts
-- Parts of one recipient whose answer was lost (P3): they are few, so the recipient's messages are not looked through.
SELECT p.message_id, p.step, p.try_no, p.part, m.plan
FROM part p CROSS JOIN message m ON m.id = p.message_id
WHERE p.upstream = ?2 AND p.on_wire_at >= ?3 AND p.answer = 'ambiguous' AND p.receipt IS NULL AND m.recipient = ?1;

-- name: some_lost_parts
-- A few parts whose answer was lost, to see whether they are few.
SELECT message_id FROM part
WHERE upstream = ?1 AND on_wire_at >= ?2 AND answer = 'ambiguous' AND receipt IS NULL LIMIT ?3;

-- name: ambiguous_parts_of_recipient
-- The same for days on which many answers are lost: through the recipient's messages, not (the signs) the lost parts.
SELECT p.message_id, p.step, p.try_no, p.part, m.plan
FROM message m CROSS JOIN part p ON p.message_id = m.id
WHERE m.recipient = ?1 AND +p.upstream = ?2 AND +p.on_wire_at >= ?3 AND p.answer = 'ambiguous' AND p.receipt IS NULL;

-- name: open_parts
-- Parts of one recipient that still wait for their answer.
SELECT p.message_id, p.step, p.try_no, p.part, m.plan
FROM message m CROSS JOIN part p ON p.message_id = m.id
WHERE m.recipient = ?1 AND p.upstream = ?2 AND p.on_wire_at >= ?3 AND p.answer IS NULL AND p.receipt IS NULL;

-- name: receipt_on_part
-- The first receipt of a part. If its answer was lost it has its id from here, so that a repetition is known as one.
UPDATE part SET receipt = ?1, receipt_stat = ?2, receipt_err = ?3, receipt_at = ?4,
  operator_id = coalesce(operator_id, ?5), operator_key = coalesce(operator_key, ?6)
WHERE message_id = ?7 AND step = ?8 AND try_no = ?9 AND part = ?10;

-- name: receipts_of_message
-- The further receipts of a message.
SELECT received_at, link, operator_id, stat, err, standing FROM receipt WHERE message_id = ? ORDER BY id;

-- name: part_key
-- Whose part it is: the upstream, the recipient, the receipt it already has, and since when it is under way.
SELECT p.upstream, m.recipient, p.receipt, p.on_wire_at FROM part p JOIN message m ON m.id = p.message_id
WHERE p.message_id = ? AND p.step = ? AND p.try_no = ? AND p.part = ?;

-- name: latest_try
-- The newest attempt at a part of a step.
SELECT max(try_no) FROM part WHERE message_id = ? AND step = ? AND part = ?;
