-- name: open_part
-- An attempt at one part, committed before its octets leave.
INSERT INTO part (message_id, step, try_no, part, link, upstream, on_wire_at)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[]);

-- name: answer_part
-- What the operator said; a definite answer may replace an ambiguous one, never the other way round. An id that a
-- receipt has brought to a part without an answer stays.
UPDATE part SET answer = given.answer, status = given.status, code = given.code,
  operator_id = coalesce(given.operator_id, part.operator_id), operator_key = coalesce(given.operator_key, part.operator_key),
  answered_at = given.answered_at
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::bigint[])
  AS given (answer, status, code, operator_id, operator_key, answered_at, message_id, step, try_no, part)
WHERE part.message_id = given.message_id AND part.step = given.step AND part.try_no = given.try_no
  AND part.part = given.part AND (part.answer IS NULL OR part.answer = 'ambiguous');

-- name: lose_part
-- Its answer will not come any more.
UPDATE part SET answer = 'ambiguous', answered_at = $1
WHERE message_id = $2 AND step = $3 AND try_no = $4 AND part = $5 AND answer IS NULL;

-- name: unanswered_parts
-- The parts of an attempt that have neither answer nor receipt.
SELECT part FROM part
WHERE message_id = $1 AND step = $2 AND try_no = $3 AND answer IS NULL AND receipt IS NULL ORDER BY part;

-- name: upstreams_of_attempt
-- Who has the parts of an attempt.
SELECT upstream FROM part WHERE message_id = $1 AND step = $2 AND try_no = $3;

-- name: parts_of_message
-- The whole record of a message's attempts.
SELECT step, try_no, part, link, upstream, on_wire_at, answer, status, code, operator_id, answered_at, receipt,
  receipt_stat, receipt_err, receipt_at
FROM part WHERE message_id = $1 ORDER BY step, try_no, part;

-- name: part_by_operator_id
-- The parts that the operator took under this id, newest first; recurring ids are told apart by the recipient.
-- Then whether the id is written exactly alike, since when the part is under way, its answer, and when that and its
-- receipt came.
SELECT p.message_id, p.step, p.try_no, p.part, p.receipt, m.recipient, coalesce(p.operator_id = $3, false) AS is_exact, p.on_wire_at, p.answer,
  p.answered_at, p.receipt_at
FROM part p JOIN message m ON m.id = p.message_id
WHERE p.upstream = $1 AND p.operator_key = $2 ORDER BY p.answered_at DESC NULLS LAST, p.message_id DESC LIMIT 200;

-- name: a_lost_part
-- Whether an answer of the upstream was lost of which no receipt has told: else receipts are not dealt at all.
SELECT message_id FROM part WHERE upstream = $1 AND on_wire_at >= $2 AND answer = 'ambiguous' AND receipt IS NULL LIMIT 1;

-- name: any_lost_part
-- The same for every upstream.
SELECT message_id FROM part WHERE answer = 'ambiguous' AND receipt IS NULL LIMIT 1;

-- name: pool_of_recipient
-- The copies of a recipient's newest messages that a receipt may be about (store/pooling.py): without an answer, lost, or
-- taken, and told nothing definite; those lost ones whose receipt named no id, for such a receipt may come again; and
-- those that were not taken by an answer that named an id all the same.
SELECT p.message_id, p.step, p.try_no, p.part, p.on_wire_at, p.answer, p.operator_id, p.receipt, m.plan, m.deadline_at,
  m.state
FROM message m JOIN part p ON p.message_id = m.id
WHERE m.recipient = $2 AND m.id > $4 AND p.upstream = $1 AND p.on_wire_at >= $3
  AND (((p.receipt IS NULL OR p.receipt = 'k') AND (p.answer IS NULL OR p.answer = 'ambiguous' OR p.answer = 'taken'))
       OR (p.receipt IS NOT NULL AND p.operator_id IS NULL AND p.answer = 'ambiguous')
       OR (p.receipt IS NULL AND p.operator_id IS NOT NULL AND p.answer <> 'ambiguous'));

-- name: parts_of_reference
-- The parts of a recipient's messages of which an echoed reference tells: 16 bits of the message's id.
SELECT p.message_id, p.step, p.try_no, p.part, p.receipt, p.on_wire_at, p.answer, p.operator_id, m.plan
FROM message m JOIN part p ON p.message_id = m.id
WHERE m.recipient = $2 AND (m.id & 65535) = $3 AND p.upstream = $1 AND p.on_wire_at BETWEEN $4 AND $5
  AND (p.answer IS NULL OR p.answer = 'ambiguous' OR p.answer = 'taken')
ORDER BY m.id DESC LIMIT 200;

-- name: plan_of
-- By which line an attempt went.
SELECT plan FROM message WHERE id = $1;

-- name: nacks_of_part
-- How often a part was answered by a generic_nack that gave no reason: no other answer has put it off with status 0.
SELECT count(*) FROM part WHERE message_id = $1 AND step = $2 AND part = $3 AND answer = 'later' AND status = 0;

-- name: copies_of_step
-- Every copy of every part of a step, the latest first: its answer, its receipt and that one's words.
SELECT part, try_no, answer, receipt, receipt_stat, receipt_err, code, link, upstream, on_wire_at, operator_id
FROM part WHERE message_id = $1 AND step = $2 ORDER BY part, try_no DESC;

-- name: message_beyond
-- The recipient's message after which so many newer ones came, and when it was accepted.
SELECT id, accepted_at FROM message WHERE recipient = $1 ORDER BY id DESC LIMIT 1 OFFSET $2;

-- name: awaiting_of_recipient
-- The newest messages of a recipient that keep copies back for receipts.
SELECT id FROM message WHERE recipient = $1 AND id > $2 AND awaited <> '' AND is_final = 0;

-- name: copies_of_part
-- Every copy of a part, oldest first: its answer, its receipt, that one's code, and who has it.
SELECT try_no, answer, receipt, code, upstream FROM part WHERE message_id = $1 AND step = $2 AND part = $3 ORDER BY try_no;

-- name: receipt_on_part
-- The first receipt of a part. If its answer was lost it has its id from here, so that a repetition is known as one. The
-- code is the verdict's, of a receipt as of an answer.
UPDATE part SET receipt = given.receipt, receipt_stat = given.stat, receipt_err = given.err, receipt_at = given.at,
  operator_id = coalesce(part.operator_id, given.operator_id), operator_key = coalesce(part.operator_key, given.operator_key),
  code = coalesce(part.code, given.code)
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::bigint[], $11::bigint[])
  AS given (receipt, stat, err, at, operator_id, operator_key, code, message_id, step, try_no, part)
WHERE part.message_id = given.message_id AND part.step = given.step AND part.try_no = given.try_no AND part.part = given.part;

-- columns: told
-- A copy of a part, and what a receipt says of it, as reclaiming.py reads it.
p.upstream, p.message_id, p.step, p.try_no, p.part, p.on_wire_at, p.receipt, p.receipt_stat, p.receipt_err, p.receipt_at,
  p.operator_id, p.operator_key, p.code

-- name: told_copy
-- A copy without an answer, and what a receipt that was dealt to it says (store/reclaiming.py).
SELECT {told} FROM part p
WHERE p.message_id = $1 AND p.step = $2 AND p.try_no = $3 AND p.part = $4 AND (p.answer IS NULL OR p.answer = 'ambiguous');

-- name: told_copies_of_id
-- The copies of a recipient without an answer to which a receipt of this id was dealt, since an instant.
SELECT {told}
FROM part p JOIN message m ON m.id = p.message_id
WHERE p.upstream = $1 AND p.operator_key = $2 AND m.recipient = $3 AND p.receipt_at >= $4 AND p.receipt IS NOT NULL
  AND (p.answer IS NULL OR p.answer = 'ambiguous')
ORDER BY p.receipt_at DESC NULLS LAST LIMIT 10;

-- name: untold_copies
-- The copies of a part without an answer that were on the wire before an instant, and of which no receipt has told;
-- the lost ones first, for the answer of another is still to come and may name the receipt of a third.
SELECT {told} FROM part p
WHERE p.message_id = $1 AND p.step = $2 AND p.part = $3 AND p.upstream = $4 AND p.on_wire_at <= $5
  AND (p.answer IS NULL OR p.answer = 'ambiguous') AND p.receipt IS NULL
ORDER BY p.answer IS NULL, p.try_no DESC;

-- name: put_told
-- What a receipt says of a copy without an answer; all NULL if none does.
UPDATE part SET receipt = $1, receipt_stat = $2, receipt_err = $3, receipt_at = $4, operator_id = $5, operator_key = $6,
  code = $7
WHERE message_id = $8 AND step = $9 AND try_no = $10 AND part = $11;

-- name: receipts_of_message
-- The further receipts of a message.
SELECT received_at, link, operator_id, stat, err, standing FROM receipt WHERE message_id = $1 ORDER BY id;

-- name: part_key
-- Whose part it is: the upstream, the recipient, the receipt it already has, and since when it is under way.
SELECT p.upstream, m.recipient, p.receipt, p.on_wire_at FROM part p JOIN message m ON m.id = p.message_id
WHERE p.message_id = $1 AND p.step = $2 AND p.try_no = $3 AND p.part = $4;

-- name: status_counts
-- The answers to the newest attempts of all links, by link and command_status; a bound, for the table is the largest.
SELECT link, status, count(*) AS count FROM (
  SELECT link, status FROM part WHERE answer IS NOT NULL AND answer <> 'ambiguous' AND status IS NOT NULL
  ORDER BY message_id DESC LIMIT 500
) AS newest GROUP BY link, status;


-- name: recipient_of
-- Whose message it is.
SELECT recipient FROM message WHERE id = $1;

-- name: any_unanswered
-- Whether something for a recipient is on the wire, or may still come back by it.
SELECT m.id FROM message m JOIN part p ON p.message_id = m.id
WHERE m.recipient = $2 AND m.is_final = 0 AND p.upstream = $1 AND p.answer IS NULL LIMIT 1;

-- name: texts_told
-- Of the newest messages those with several parts, of which receipts have told something that is no news any more.
SELECT m.step, m.parts,
  (SELECT link FROM part WHERE message_id = m.id AND step = m.step ORDER BY try_no DESC LIMIT 1) AS link
FROM (SELECT id, step, parts, changed_at FROM message ORDER BY id DESC LIMIT $1) m
WHERE m.changed_at <= $2 AND length(m.parts) > 1 AND m.parts ~ '[duerok]';
