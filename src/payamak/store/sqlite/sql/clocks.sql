-- name: metas
-- The counters that begin so.
SELECT key, value FROM meta WHERE key >= ?1 AND key < ?1 || '~';

-- name: from_future
-- Messages that were accepted or changed after an instant that has not come yet: a look through all, after `now` fell only.
SELECT id FROM message NOT INDEXED WHERE id > ?1 AND (accepted_at > ?2 OR changed_at > ?2) ORDER BY id LIMIT ?3;

-- name: set_times
-- The instants of a message that nothing else changes, set back with it.
UPDATE message SET accepted_at = accepted_at - ?2, deadline_at = deadline_at - ?2, changed_at = min(changed_at, ?3)
WHERE id = ?1;

-- name: set_parts_back
-- Its attempts: receipts are matched by when a part was on the wire.
UPDATE part SET
  on_wire_at = on_wire_at - CASE WHEN on_wire_at > ?3 THEN ?2 ELSE 0 END,
  answered_at = answered_at - CASE WHEN answered_at > ?3 THEN ?2 ELSE 0 END,
  receipt_at = receipt_at - CASE WHEN receipt_at > ?3 THEN ?2 ELSE 0 END
WHERE message_id = ?1 AND (on_wire_at > ?3 OR answered_at > ?3 OR receipt_at > ?3);

-- name: set_receipts_back
-- Receipts that wait for their message.
UPDATE receipt SET received_at = received_at - ?1 WHERE standing = 'unmatched' AND received_at > ?2;

-- name: set_received_back
-- Messages from handsets of a line: they are read in the order of their coming.
UPDATE received SET received_at = received_at - ?2 WHERE line = ?1 AND received_at > ?3;

-- name: set_relay_back
-- What waits to be posted waits for no pause any more; its three days begin at the latest now.
UPDATE received SET next_at = min(next_at, ?1), waiting_since = min(waiting_since, ?1)
WHERE relay = 'waiting' AND (next_at > ?1 OR waiting_since > ?1);

-- name: set_received_parts_back
-- Parts of handsets' messages, those that wait for the others and those that may be repeated.
UPDATE received_part SET received_at = received_at - ?1, due_at = due_at - ?1 WHERE received_at > ?2;

-- name: set_notices_back
-- The same of webhooks.
UPDATE notice SET next_at = min(next_at, ?1), waiting_since = min(waiting_since, ?1)
WHERE post = 'waiting' AND (next_at > ?1 OR waiting_since > ?1);

-- name: set_aside_back
-- Rows that were put aside are tried again.
UPDATE aside SET again_at = min(again_at, ?1), last_at = min(last_at, ?1), first_at = min(first_at, ?1) WHERE last_at > ?1;

-- name: set_opt_outs_back
-- Opt-outs that were learned then are remembered no longer than others.
UPDATE optout SET learned_at = learned_at - ?1, expires_at = expires_at - ?1 WHERE expires_at > ?2 AND learned_at > ?2;

-- name: set_sessions_back
-- Sessions that were begun or used then end no later than others.
UPDATE panel_session SET begun_at = min(begun_at, ?1), used_at = min(used_at, ?1) WHERE used_at > ?1 OR begun_at > ?1;
