-- name: reserve
-- Set aside for a fresh message, if the account can afford it.
UPDATE account SET available = available - ?1, reserved = reserved + ?1 WHERE id = ?2 AND available >= ?1;

-- name: move_money
-- Change both purses of an account.
UPDATE account SET available = available + ?, reserved = reserved + ? WHERE id = ?;

-- name: insert_entry
-- One entry of the ledger.
INSERT INTO ledger (at, account_id, message_id, kind, source, target, amount, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: entries_of_message
-- The money of one message.
SELECT at, kind, source, target, amount, note FROM ledger WHERE message_id = ? ORDER BY id;

-- name: balance
-- What an account may spend and what is set aside.
SELECT available, reserved FROM account WHERE id = ?;

-- name: balances
-- Every account's purses.
SELECT id, username, available, reserved FROM account ORDER BY username;

-- name: ledger_balances
-- The same, counted from the entries: both must be equal at any time.
SELECT a.id, a.username, a.available, a.reserved,
  coalesce(sum(CASE WHEN l.target = 'available' THEN l.amount WHEN l.source = 'available' THEN -l.amount END), 0),
  coalesce(sum(CASE WHEN l.target = 'reserved' THEN l.amount WHEN l.source = 'reserved' THEN -l.amount END), 0),
  (SELECT coalesce(sum(m.reserved), 0) FROM message m WHERE m.account_id = a.id AND m.is_final = 0)
FROM account a LEFT JOIN ledger l ON l.account_id = a.id GROUP BY a.id ORDER BY a.username;

-- name: account_of_name
-- The number of an account.
SELECT id FROM account WHERE username = ?;

-- name: insert_account
-- A new account without money.
INSERT INTO account (username) VALUES (?);

-- name: fold_entries
-- The purses' changes of a removed message's entries, to be folded into an opening balance.
SELECT source, target, sum(amount) FROM ledger WHERE message_id = ? GROUP BY source, target;

-- name: delete_entries
-- The entries of a removed message, after they were folded.
DELETE FROM ledger WHERE message_id = ?;

-- name: opening_entry
-- The opening balance of an account from one purse to another.
SELECT id FROM ledger WHERE account_id = ? AND kind = 'opening' AND source = ? AND target = ? AND message_id IS NULL LIMIT 1;

-- name: grow_entry
-- Add to an opening balance.
UPDATE ledger SET amount = amount + ?, at = ? WHERE id = ?;
