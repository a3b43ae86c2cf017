-- A store of schema 6 as that version left it: messages in every state. Test: tests/store/sqlite/test_upgrade.py.
CREATE TABLE account (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  username  TEXT NOT NULL UNIQUE,
  available INTEGER NOT NULL DEFAULT 0,
  reserved  INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0)
);
INSERT INTO "account" VALUES(1,'shop',9000,800);
INSERT INTO "account" VALUES(2,'clinic',10000,0);
INSERT INTO "account" VALUES(3,'bank',0,0);
CREATE TABLE check_id (
  account_id  INTEGER NOT NULL,
  check_id    INTEGER NOT NULL,
  message_id  INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, check_id)
) WITHOUT ROWID;
CREATE TABLE config (
  kind TEXT NOT NULL CHECK (kind IN ('account', 'line', 'link')),
  name TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
INSERT INTO "config" VALUES('account','bank','{"username":"bank","id":3,"lines":["983000111"]}');
INSERT INTO "config" VALUES('account','clinic','{"username":"clinic","id":2,"lines":["983000111","983000222","982000333","983000444"]}');
INSERT INTO "config" VALUES('account','shop','{"username":"shop","id":1,"lines":["983000111","983000222","982000333","983000444"],"keep_days":30}');
INSERT INTO "config" VALUES('line','982000333','{"number":"982000333","kind":"service","links":[{"link":"north"},{"link":"south"}]}');
INSERT INTO "config" VALUES('line','983000111','{"number":"983000111","links":[{"link":"north"},{"link":"south"}]}');
INSERT INTO "config" VALUES('line','983000222','{"number":"983000222","links":[{"link":"north"},{"link":"south"}]}');
INSERT INTO "config" VALUES('line','983000444','{"number":"983000444","links":[{"link":"north"},{"link":"south"}],"on_ambiguous":"hold","receipt_grace_hours":1}');
INSERT INTO "config" VALUES('link','north','{"name":"north","upstream":"operator"}');
INSERT INTO "config" VALUES('link','south','{"name":"south","upstream":"operator"}');
CREATE TABLE id_habit (
  upstream       TEXT PRIMARY KEY,
  judged         INTEGER NOT NULL DEFAULT 0,
  same           INTEGER NOT NULL DEFAULT 0,
  hex_to_decimal INTEGER NOT NULL DEFAULT 0,
  decimal_to_hex INTEGER NOT NULL DEFAULT 0,
  contradictions INTEGER NOT NULL DEFAULT 0,
  unlearned      INTEGER NOT NULL DEFAULT 0,
  settled        TEXT NOT NULL DEFAULT 'auto' CHECK (settled IN ('auto', 'same', 'hex_to_decimal', 'decimal_to_hex')),
  removed        INTEGER NOT NULL DEFAULT 0,
  removed_until  INTEGER
) WITHOUT ROWID;
INSERT INTO "id_habit" VALUES('operator',2,2,0,0,0,0,'auto',0,NULL);
CREATE TABLE ledger (
  id         INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  message_id INTEGER,
  kind       TEXT NOT NULL CHECK (kind = 'reserve' OR kind = 'settle' OR kind = 'release' OR kind = 'refund' OR kind = 'credit'
                                    OR kind = 'opening'),
  source     TEXT NOT NULL CHECK (source = 'available' OR source = 'reserved' OR source = 'revenue' OR source = 'funding'),
  target     TEXT NOT NULL CHECK (target = 'reserved' OR target = 'revenue' OR target = 'available' OR target = 'funding'),
  amount     INTEGER NOT NULL CHECK (amount > 0),
  note       TEXT,
  CHECK (target <> source)
);
INSERT INTO "ledger" VALUES(1,1700000000000,1,NULL,'credit','funding','available',10000,'first');
INSERT INTO "ledger" VALUES(2,1700000000000,2,NULL,'credit','funding','available',10000,'first');
INSERT INTO "ledger" VALUES(3,1700000000000,1,1001,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(4,1700000000000,1,1002,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(5,1700000000000,1,1003,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(6,1700000000000,1,1003,'settle','reserved','revenue',100,NULL);
INSERT INTO "ledger" VALUES(7,1700000000000,1,1004,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(8,1700000000000,1,1005,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(9,1700000000000,1,1006,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(10,1700000000000,1,1007,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(11,1700000000000,1,1007,'release','reserved','available',100,NULL);
INSERT INTO "ledger" VALUES(12,1700000000000,1,1008,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(13,1700000000000,1,1009,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(14,1700000000000,1,1009,'settle','reserved','revenue',100,NULL);
INSERT INTO "ledger" VALUES(15,1700000000000,1,1010,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(16,1700000000000,1,1010,'settle','reserved','revenue',100,NULL);
INSERT INTO "ledger" VALUES(17,1700000000000,1,1010,'refund','revenue','reserved',100,NULL);
INSERT INTO "ledger" VALUES(18,1700000000000,1,1011,'reserve','available','reserved',100,NULL);
INSERT INTO "ledger" VALUES(19,1700000000000,1,1011,'release','reserved','available',100,NULL);
INSERT INTO "ledger" VALUES(20,1700000000000,1,1012,'reserve','available','reserved',100,NULL);
CREATE TABLE message (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id       INTEGER NOT NULL,
  recipient        TEXT NOT NULL CHECK (recipient GLOB '989[0-9]*' AND length(recipient) = 12),
  plan             TEXT NOT NULL,
  line             TEXT NOT NULL,
  lane             INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 2),
  source           TEXT NOT NULL,
  accepted_at      INTEGER NOT NULL,
  deadline_at      INTEGER NOT NULL CHECK (deadline_at > accepted_at),
  due_at           INTEGER NOT NULL,
  changed_at       INTEGER NOT NULL,
  state            TEXT NOT NULL CHECK (state = 'queued' OR state = 'sending' OR state = 'enroute' OR state = 'delivered'
                     OR state = 'undeliverable' OR state = 'rejected' OR state = 'expired' OR state = 'cancelled'
                     OR state = 'unknown'),
  reason           TEXT NOT NULL,
  code             INTEGER,
  step             INTEGER NOT NULL CHECK (step >= 0),
  tries            INTEGER NOT NULL CHECK (tries >= 0),
  parts            TEXT NOT NULL CHECK (parts NOT GLOB '*[^wsatduerok/]*'),
  was_taken        INTEGER NOT NULL,
  was_settled_late INTEGER NOT NULL,
  copies           INTEGER NOT NULL,
  reserved         INTEGER NOT NULL CHECK (reserved >= 0),
  charged          INTEGER NOT NULL CHECK (charged >= 0),
  is_settled       INTEGER NOT NULL,
  is_final         INTEGER NOT NULL,
  version          INTEGER NOT NULL,
  is_leased        INTEGER NOT NULL,
  CHECK (is_leased = 0 OR state IN ('queued', 'sending')),
  CHECK (is_final = 0 OR reserved = 0),
  CHECK (is_final = ((state <> 'queued' AND state <> 'sending' AND state <> 'enroute') OR reason = 'no_receipts'))
);
INSERT INTO "message" VALUES(1001,1,'989120000001','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000000000,1700000000000,'queued','accepted',NULL,0,0,'',0,0,0,100,0,0,0,0,0);
INSERT INTO "message" VALUES(1002,1,'989120000002','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000000000,1700000000000,'sending','on_wire',NULL,0,1,'s',0,0,0,100,0,0,0,1,1);
INSERT INTO "message" VALUES(1003,1,'989120000003','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000000000,1700000000000,'enroute','taken',NULL,0,1,'t',1,0,0,0,100,1,0,2,0);
INSERT INTO "message" VALUES(1004,1,'989120000004','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000000568,1700000000000,'queued','resend',NULL,0,1,'a',0,0,0,100,0,0,0,2,0);
INSERT INTO "message" VALUES(1005,1,'989120000005','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000008640,1700000000000,'queued','resend',NULL,0,5,'a',0,0,4,100,0,0,0,10,0);
INSERT INTO "message" VALUES(1006,1,'989120000006','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":2,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000000508,1700000000000,'sending','on_wire',NULL,0,2,'as',0,0,2,100,0,0,0,4,1);
INSERT INTO "message" VALUES(1007,1,'989120000007','[{"line":"983000444","text":"سلام","encoding":"ucs2","parts":2,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000444',1,'wsSend',1700000000000,1700086400000,1700000000000,1700000000000,'unknown','answer_lost',NULL,0,1,'aa',0,0,0,0,0,0,1,2,0);
INSERT INTO "message" VALUES(1008,1,'989120000008','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000004094,1700000000000,'queued','operator_busy',NULL,0,2,'w',0,0,1,100,0,0,0,4,0);
INSERT INTO "message" VALUES(1009,1,'989120000009','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000000000,1700000000000,'delivered','receipt',NULL,0,1,'d',1,0,0,0,100,1,1,3,0);
INSERT INTO "message" VALUES(1010,1,'989120000010','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]},{"line":"982000333","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":false,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','982000333',1,'wsSend',1700000000000,1700086400000,1700000000000,1700000000000,'queued','fallback',33,1,0,'o',1,0,0,100,0,0,0,3,0);
INSERT INTO "message" VALUES(1011,1,'989120000011','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000000000,1700000000000,'rejected','refused',15,0,1,'r',0,0,0,0,0,0,1,2,0);
INSERT INTO "message" VALUES(1012,1,'989120000012','[{"line":"983000111","text":"سلام","encoding":"ucs2","parts":1,"price":100,"kind":"normal","advertising":true,"keep":false,"is_kept":false,"skip":null,"split":"udh8","earlier_lines":[]}]','983000111',1,'wsSend',1700000000000,1700086400000,1700000000000,1700000000000,'sending','on_wire',NULL,0,1,'s',0,0,0,100,0,0,0,1,1);
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "meta" VALUES('batch',51);
INSERT INTO "meta" VALUES('config_version',1);
INSERT INTO "meta" VALUES('intake_is_suspended',0);
INSERT INTO "meta" VALUES('signature/1',4185037315906981192);
INSERT INTO "meta" VALUES('signature/10',4185037315906981192);
INSERT INTO "meta" VALUES('signature/11',4185037315906981192);
INSERT INTO "meta" VALUES('signature/12',4185037315906981192);
INSERT INTO "meta" VALUES('signature/13',4185037315906981192);
INSERT INTO "meta" VALUES('signature/14',4185037315906981192);
INSERT INTO "meta" VALUES('signature/15',4185037315906981192);
INSERT INTO "meta" VALUES('signature/16',4185037315906981192);
INSERT INTO "meta" VALUES('signature/17',4185037315906981192);
INSERT INTO "meta" VALUES('signature/18',4185037315906981192);
INSERT INTO "meta" VALUES('signature/19',4185037315906981192);
INSERT INTO "meta" VALUES('signature/2',4185037315906981192);
INSERT INTO "meta" VALUES('signature/20',4185037315906981192);
INSERT INTO "meta" VALUES('signature/21',4185037315906981192);
INSERT INTO "meta" VALUES('signature/22',4185037315906981192);
INSERT INTO "meta" VALUES('signature/23',4185037315906981192);
INSERT INTO "meta" VALUES('signature/24',4185037315906981192);
INSERT INTO "meta" VALUES('signature/25',4185037315906981192);
INSERT INTO "meta" VALUES('signature/26',4185037315906981192);
INSERT INTO "meta" VALUES('signature/27',4185037315906981192);
INSERT INTO "meta" VALUES('signature/28',4185037315906981192);
INSERT INTO "meta" VALUES('signature/29',4185037315906981192);
INSERT INTO "meta" VALUES('signature/3',4185037315906981192);
INSERT INTO "meta" VALUES('signature/30',4185037315906981192);
INSERT INTO "meta" VALUES('signature/31',4185037315906981192);
INSERT INTO "meta" VALUES('signature/32',4185037315906981192);
INSERT INTO "meta" VALUES('signature/33',4185037315906981192);
INSERT INTO "meta" VALUES('signature/34',4185037315906981192);
INSERT INTO "meta" VALUES('signature/35',4185037315906981192);
INSERT INTO "meta" VALUES('signature/36',4185037315906981192);
INSERT INTO "meta" VALUES('signature/37',4185037315906981192);
INSERT INTO "meta" VALUES('signature/38',4185037315906981192);
INSERT INTO "meta" VALUES('signature/39',4185037315906981192);
INSERT INTO "meta" VALUES('signature/4',4185037315906981192);
INSERT INTO "meta" VALUES('signature/40',4185037315906981192);
INSERT INTO "meta" VALUES('signature/41',4185037315906981192);
INSERT INTO "meta" VALUES('signature/42',4185037315906981192);
INSERT INTO "meta" VALUES('signature/43',4185037315906981192);
INSERT INTO "meta" VALUES('signature/44',4185037315906981192);
INSERT INTO "meta" VALUES('signature/45',4185037315906981192);
INSERT INTO "meta" VALUES('signature/46',4185037315906981192);
INSERT INTO "meta" VALUES('signature/47',4185037315906981192);
INSERT INTO "meta" VALUES('signature/48',4185037315906981192);
INSERT INTO "meta" VALUES('signature/49',4185037315906981192);
INSERT INTO "meta" VALUES('signature/5',4185037315906981192);
INSERT INTO "meta" VALUES('signature/50',4185037315906981192);
INSERT INTO "meta" VALUES('signature/51',4185037315906981192);
INSERT INTO "meta" VALUES('signature/6',4185037315906981192);
INSERT INTO "meta" VALUES('signature/7',4185037315906981192);
INSERT INTO "meta" VALUES('signature/8',4185037315906981192);
INSERT INTO "meta" VALUES('signature/9',4185037315906981192);
CREATE TABLE notice (
  message_id    INTEGER NOT NULL,
  sequence      INTEGER NOT NULL CHECK (sequence > 0),
  account_id    INTEGER NOT NULL,
  at            INTEGER NOT NULL,
  state         TEXT NOT NULL,
  reason        TEXT NOT NULL,
  told          INTEGER NOT NULL,
  code          INTEGER,
  line          TEXT NOT NULL,
  step          INTEGER NOT NULL,
  was_taken     INTEGER NOT NULL,
  charged       INTEGER NOT NULL,
  post          TEXT NOT NULL CHECK (post = 'waiting' OR post = 'done' OR post = 'dead'),
  tries         INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  waiting_since INTEGER NOT NULL,
  next_at       INTEGER CHECK (next_at IS NULL OR post = 'waiting'),
  posted_at     INTEGER,
  note          TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (message_id, sequence)
) WITHOUT ROWID;
CREATE TABLE "optout" (
  recipient  TEXT NOT NULL,
  line       TEXT NOT NULL,
  code       INTEGER NOT NULL CHECK (code IN (27, 33)),
  source     TEXT NOT NULL CHECK (source IN ('imported', 'learned', 'hand', 'handset')),
  learned_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (recipient, line)
) WITHOUT ROWID;
INSERT INTO "optout" VALUES('989120000010','983000111',33,'learned',1700000000000,1700604800000);
CREATE TABLE part (
  message_id   INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
  step         INTEGER NOT NULL,
  try_no       INTEGER NOT NULL,
  part         INTEGER NOT NULL,
  link         TEXT NOT NULL,
  upstream     TEXT NOT NULL,
  on_wire_at   INTEGER NOT NULL,
  answer       TEXT CHECK (answer = 'taken' OR answer = 'later' OR answer = 'opted_out' OR answer = 'refused'
                           OR answer = 'ambiguous'),
  status       INTEGER,
  code         INTEGER,
  operator_id  TEXT,
  operator_key TEXT,
  answered_at  INTEGER,
  receipt      TEXT CHECK (receipt GLOB '[duerok]'),
  receipt_stat TEXT,
  receipt_err  TEXT,
  receipt_at   INTEGER,
  PRIMARY KEY (message_id, step, try_no, part)
) WITHOUT ROWID;
INSERT INTO "part" VALUES(1002,0,1,1,'north','operator',1700000000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1003,0,1,1,'north','operator',1700000000000,'taken',0,NULL,'e3','e3',1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1004,0,1,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1005,0,1,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1005,0,2,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1005,0,3,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1005,0,4,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1005,0,5,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1006,0,1,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1006,0,1,2,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1006,0,2,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1006,0,2,2,'north','operator',1700000000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1007,0,1,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1007,0,1,2,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1008,0,1,1,'north','operator',1700000000000,'ambiguous',NULL,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1008,0,2,1,'north','operator',1700000000000,'later',20,NULL,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1009,0,1,1,'north','operator',1700000000000,'taken',0,NULL,'d9','d9',1700000000000,'d','STAT','000',1700000000000);
INSERT INTO "part" VALUES(1010,0,1,1,'north','operator',1700000000000,'taken',0,NULL,'d10','d10',1700000000000,'o','STAT','000',1700000000000);
INSERT INTO "part" VALUES(1011,0,1,1,'north','operator',1700000000000,'refused',11,15,NULL,NULL,1700000000000,NULL,NULL,NULL,NULL);
INSERT INTO "part" VALUES(1012,0,1,1,'north','operator',1700000000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE receipt (
  id           INTEGER PRIMARY KEY,
  received_at  INTEGER NOT NULL,
  upstream     TEXT NOT NULL,
  link         TEXT NOT NULL,
  operator_id  TEXT NOT NULL,
  operator_key TEXT NOT NULL,
  operator_keys TEXT NOT NULL,
  line         TEXT,
  recipient    TEXT,
  part_state   TEXT,
  stat         TEXT NOT NULL,
  err          TEXT,
  code         INTEGER,
  standing     TEXT NOT NULL CHECK (standing IN ('unmatched', 'matched', 'repeated', 'intermediate')),
  message_id   INTEGER
, why TEXT NOT NULL DEFAULT '', reference INTEGER);
INSERT INTO "receipt" VALUES(1,1700000000000,'operator','north','early','early','early','983000111','989120000012','d','STAT','000',NULL,'unmatched',NULL,'unknown_id',NULL);
INSERT INTO "receipt" VALUES(2,1700000000000,'operator','north','nobody','nobody','nobody','983000111','989120000099','d','STAT','000',NULL,'unmatched',NULL,'unknown_id',NULL);
CREATE TABLE received (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  upstream      TEXT NOT NULL,
  link          TEXT NOT NULL,
  line          TEXT NOT NULL,
  sender        TEXT NOT NULL,
  text          TEXT NOT NULL,
  received_at   INTEGER NOT NULL,
  is_complete   INTEGER NOT NULL,
  read_at       INTEGER,
  relay         TEXT NOT NULL CHECK (relay IN ('none', 'waiting', 'done', 'dead')),
  keyword       TEXT NOT NULL DEFAULT '',
  target        TEXT NOT NULL,
  tries         INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  waiting_since INTEGER NOT NULL,
  next_at       INTEGER CHECK (next_at IS NULL OR relay = 'waiting'),
  note          TEXT NOT NULL DEFAULT '',
  reply_id      INTEGER
);
CREATE TABLE received_part (
  id          INTEGER PRIMARY KEY,
  digest      BLOB NOT NULL,
  session     TEXT NOT NULL,
  upstream    TEXT NOT NULL,
  link        TEXT NOT NULL,
  line        TEXT NOT NULL,
  sender      TEXT NOT NULL,
  reference   INTEGER,
  total       INTEGER NOT NULL,
  part        INTEGER NOT NULL CHECK (part BETWEEN 1 AND total),
  alphabet    TEXT NOT NULL,
  octets      BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  due_at      INTEGER NOT NULL,
  received_id INTEGER
);
CREATE TABLE webhook_gone (
  account_id INTEGER PRIMARY KEY,
  url        TEXT NOT NULL,
  at         INTEGER NOT NULL
);
CREATE INDEX message_ready ON message (line, lane, account_id, due_at, id) WHERE state = 'queued' AND is_leased = 0;
CREATE INDEX message_open ON message (state, line, deadline_at) WHERE is_final = 0;
CREATE INDEX message_recipient ON message (recipient, id);
CREATE INDEX part_operator ON part (upstream, operator_key, answered_at) WHERE operator_key IS NOT NULL;
CREATE INDEX part_lost ON part (upstream, on_wire_at) WHERE answer = 'ambiguous' AND receipt IS NULL;
CREATE INDEX receipt_message ON receipt (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX ledger_opening ON ledger (account_id, source, target) WHERE kind = 'opening';
CREATE INDEX ledger_message ON ledger (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX received_line ON received (line, received_at);
CREATE INDEX received_unread ON received (line, id) WHERE read_at IS NULL;
CREATE INDEX received_queue ON received (target, sender, id) WHERE relay = 'waiting';
CREATE INDEX received_due ON received (target, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX received_part_digest ON received_part (digest, received_at);
CREATE UNIQUE INDEX received_part_open ON received_part (upstream, line, sender, reference, total, part)
  WHERE received_id IS NULL;
CREATE INDEX received_part_due ON received_part (due_at) WHERE received_id IS NULL;
CREATE INDEX received_part_old ON received_part (received_at) WHERE received_id IS NOT NULL;
CREATE INDEX optout_expires ON optout (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX notice_due ON notice (account_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX notice_open ON notice (account_id, post, at) WHERE post <> 'done';
CREATE INDEX receipt_unmatched ON receipt (upstream, operator_key, received_at) WHERE standing = 'unmatched';
CREATE INDEX receipt_conflict ON receipt (upstream)
  WHERE standing = 'unmatched' AND (why = 'two_readings' OR why = 'other_reading');
CREATE INDEX receipt_missed ON receipt (upstream, received_at) WHERE standing = 'unmatched' AND why = 'other_reading';
CREATE INDEX receipt_old ON receipt (received_at) WHERE standing = 'unmatched';
CREATE INDEX receipt_waiting ON receipt (recipient, upstream, received_at) WHERE standing = 'unmatched';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('message',1012);
INSERT INTO "sqlite_sequence" VALUES('received',1000);
INSERT INTO "sqlite_sequence" VALUES('account',3);
PRAGMA user_version = 6;
