-- name: move_money
-- Change both purses of an account.
UPDATE account SET available = available + ?, reserved = reserved + ? WHERE id = ?;

-- name: insert_entry
-- One entry of the ledger.
INSERT INTO ledger (at, account_id, message_id, kind, source, target, amount, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_credit
-- Money from outside, with the reference under which it was paid in, if any; one of an account is entered once.
INSERT INTO ledger (at, account_id, kind, source, target, amount, note, reference) VALUES (?, ?, 'credit', ?, ?, ?, ?, ?);

-- name: entry_of_reference
-- What was entered under a reference: when, to which purse, how much.
SELECT at, target, amount FROM ledger WHERE account_id = ? AND reference = ?;

-- name: entries_of_message
-- The money of one message.
SELECT at, kind, source, target, amount, note FROM ledger WHERE message_id = ? ORDER BY id;

-- name: balance
-- What an account may spend and what is set aside.
SELECT available, reserved FROM account WHERE id = ?;

-- name: balances
-- Every account's purses.
SELECT id AS account_id, username, available, reserved FROM account ORDER BY username;

-- name: ledger_balances
-- The same, counted from the entries, and from the open messages and what is held for campaigns: both must be equal at any time. Each table is read once,
-- not once for each account.
WITH entry AS (
  SELECT account_id,
    sum(CASE WHEN target = 'available' THEN amount WHEN source = 'available' THEN -amount ELSE 0 END) AS available,
    sum(CASE WHEN target = 'reserved' THEN amount WHEN source = 'reserved' THEN -amount ELSE 0 END) AS reserved
  FROM ledger GROUP BY +account_id
), open_message AS (
  SELECT account_id, sum(reserved) AS reserved FROM message WHERE is_final = 0 GROUP BY +account_id
), hold AS (
  SELECT account_id, sum(held_rial) AS reserved FROM campaign WHERE held_rial > 0 GROUP BY account_id
)
SELECT a.id AS account_id, a.username, a.available, a.reserved, coalesce(e.available, 0) AS available_by_entries,
  coalesce(e.reserved, 0) AS reserved_by_entries,
  coalesce(o.reserved, 0) + coalesce(h.reserved, 0) AS reserved_by_messages
FROM account a LEFT JOIN entry e ON e.account_id = a.id LEFT JOIN open_message o ON o.account_id = a.id
  LEFT JOIN hold h ON h.account_id = a.id ORDER BY a.username;

-- name: all_entries
-- The whole ledger, to be added up.
SELECT account_id, kind, source, target, amount FROM ledger;

-- name: message_entries
-- The entries of messages, message by message.
SELECT message_id, account_id, source, target, amount FROM ledger WHERE message_id IS NOT NULL ORDER BY message_id;

-- name: message_money
-- What every message has set aside and was charged.
SELECT id AS message_id, account_id, reserved, charged FROM message ORDER BY id;

-- name: account_of_name
-- The number of an account.
SELECT id FROM account WHERE username = ?;

-- name: insert_account
-- A new account without money.
INSERT INTO account (username) VALUES (?);

-- name: fold_entries
-- The purses' changes of a removed message's entries, to be folded into an opening balance.
SELECT source, target, sum(amount) AS amount FROM ledger WHERE message_id = ? GROUP BY source, target;

-- name: delete_entries
-- The entries of a removed message, after they were folded.
DELETE FROM ledger WHERE message_id = ?;

-- name: opening_entry
-- The opening balance of an account from one purse to another.
SELECT id FROM ledger WHERE account_id = ? AND kind = 'opening' AND source = ? AND target = ? AND message_id IS NULL LIMIT 1;

-- name: grow_entry
-- Add to an opening balance.
UPDATE ledger SET amount = amount + ?, at = ? WHERE id = ?;
