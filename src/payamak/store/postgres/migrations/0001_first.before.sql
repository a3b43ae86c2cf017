-- Runs before the new code; there is no older one.
-- The tables and columns are those of SQLite's store, by test. Instants are whole milliseconds since 1970 UTC, money is
-- whole rial, flags are 0 and 1. Words are compared octet by octet, whatever order the database has.

CREATE TABLE meta (
  key   text COLLATE "C" PRIMARY KEY,
  value bigint NOT NULL
);
INSERT INTO meta VALUES ('batch', 0), ('config_version', 0), ('intake_is_suspended', 0), ('usage_from', 0);

-- The last batches, by which a commit that fails without saying so is read back: the number modulo 64, and whose it was.
CREATE TABLE batch_log (
  place  integer PRIMARY KEY,
  number bigint NOT NULL,
  token  bigint NOT NULL
) WITH (fillfactor = 20);

-- The last ids of the tables whose ids are never used again, removed rows included.
CREATE TABLE last_id (
  name text COLLATE "C" PRIMARY KEY,
  seq  bigint NOT NULL
);
INSERT INTO last_id VALUES ('message', 1000), ('received', 1000), ('account', 0), ('campaign', 0), ('panel_user', 0), ('owner', 1), ('unreadable', 0);

-- Accounts, lines and links as typed documents.
CREATE TABLE config (
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('account', 'line', 'link')),
  name text COLLATE "C" NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (kind, name)
);

-- The money of an account: what it may spend and what is set aside for messages under way.
CREATE TABLE account (
  id        bigint PRIMARY KEY,
  username  text COLLATE "C" NOT NULL UNIQUE,
  available bigint NOT NULL DEFAULT 0,
  reserved  bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0)
) WITH (fillfactor = 20);

CREATE TABLE message (
  id               bigint PRIMARY KEY,
  account_id       bigint NOT NULL,
  recipient        text COLLATE "C" NOT NULL CHECK (recipient ~ '^989[0-9]{9}$'),
  plan             text NOT NULL,
  line             text COLLATE "C" NOT NULL,
  lane             bigint NOT NULL CHECK (lane BETWEEN 0 AND 2),
  source           text NOT NULL,
  accepted_at      bigint NOT NULL,
  deadline_at      bigint NOT NULL CHECK (deadline_at > accepted_at),
  due_at           bigint NOT NULL,
  changed_at       bigint NOT NULL,
  state            text COLLATE "C" NOT NULL CHECK (state IN ('queued', 'sending', 'enroute', 'delivered', 'undeliverable',
                     'rejected', 'expired', 'cancelled', 'unknown')),
  reason           text COLLATE "C" NOT NULL,
  code             bigint,
  step             bigint NOT NULL CHECK (step >= 0),
  tries            bigint NOT NULL CHECK (tries >= 0),
  parts            text NOT NULL CHECK (parts !~ '[^wsatduerok/]'),
  was_taken        bigint NOT NULL,
  was_settled_late bigint NOT NULL,
  copies           bigint NOT NULL,
  reserved         bigint NOT NULL CHECK (reserved >= 0),
  charged          bigint NOT NULL CHECK (charged >= 0),
  is_settled       bigint NOT NULL,
  is_final         bigint NOT NULL,
  version          bigint NOT NULL,
  owner            bigint NOT NULL,
  unanswered       text NOT NULL DEFAULT '' CHECK (unanswered !~ '[^0-9]'),
  awaited          text NOT NULL DEFAULT '' CHECK (awaited !~ '[^0-9,]'),
  breaks           bigint NOT NULL DEFAULT 0 CHECK (breaks >= 0),
  -- Of whose rows it was made; 0: it came by itself.
  campaign_id      bigint NOT NULL DEFAULT 0,
  CHECK (owner = 0 OR state IN ('queued', 'sending')),
  CHECK (is_final = 0 OR reserved = 0),
  CHECK ((is_final = 1) = (state NOT IN ('queued', 'sending', 'enroute') OR reason = 'no_receipts'))
) WITH (fillfactor = 70);

-- What waits, in the order in which it is claimed.
CREATE INDEX message_ready ON message (line, lane, account_id, due_at, id) WHERE state = 'queued' AND owner = 0;
-- What has a deadline or a receipt to wait for; by line, for lines differ in how long they wait for a receipt.
CREATE INDEX message_open ON message (state, line, deadline_at, id) WHERE is_final = 0;
CREATE INDEX message_recipient ON message (recipient, id);
-- An account's own messages and entries, the newest first, whatever the others have.
CREATE INDEX message_account ON message (account_id, id);
CREATE INDEX message_campaign ON message (campaign_id, state) WHERE campaign_id <> 0;
-- What is held; empty but after a restore.
CREATE INDEX message_restored ON message (line, account_id, id) WHERE reason = 'restored' AND is_final = 0;

-- The parts of every attempt: the row is written by the commit that precedes the octets (P3).
CREATE TABLE part (
  message_id   bigint NOT NULL,
  step         bigint NOT NULL,
  try_no       bigint NOT NULL,
  part         bigint NOT NULL,
  link         text COLLATE "C" NOT NULL,
  upstream     text COLLATE "C" NOT NULL,
  on_wire_at   bigint NOT NULL,
  answer       text COLLATE "C" CHECK (answer IN ('taken', 'later', 'opted_out', 'refused', 'ambiguous')),
  status       bigint,
  code         bigint,
  operator_id  text COLLATE "C",
  operator_key text COLLATE "C",
  answered_at  bigint,
  receipt      text COLLATE "C" CHECK (receipt ~ '^[duerok]$'),
  receipt_stat text,
  receipt_err  text,
  receipt_at   bigint,
  PRIMARY KEY (message_id, step, try_no, part)
) WITH (fillfactor = 70);
-- The newest one first: operators' ids recur.
CREATE INDEX part_operator ON part (upstream, operator_key, answered_at) WHERE operator_key IS NOT NULL;
-- The few whose answer was lost: a receipt without a match looks for its part among them (P3).
CREATE INDEX part_lost ON part (upstream, on_wire_at) WHERE answer = 'ambiguous' AND receipt IS NULL;

-- Receipts that are not the first one of a known part: early, unmatched, doubled, late (P8). Nothing is thrown away.
CREATE TABLE receipt (
  id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  received_at   bigint NOT NULL,
  upstream      text COLLATE "C" NOT NULL,
  link          text COLLATE "C" NOT NULL,
  operator_id   text COLLATE "C" NOT NULL,
  operator_key  text COLLATE "C" NOT NULL,
  operator_keys text NOT NULL,
  line          text COLLATE "C",
  recipient     text COLLATE "C",
  part_state    text COLLATE "C",
  stat          text NOT NULL,
  err           text,
  code          bigint,
  standing      text COLLATE "C" NOT NULL CHECK (standing IN ('unmatched', 'matched', 'repeated', 'intermediate')),
  message_id    bigint,
  why           text COLLATE "C" NOT NULL DEFAULT '',
  reference     bigint,
  ids           text NOT NULL DEFAULT ''
);
-- An id may have a thousand receipts that nobody claims: those from before the attempt are not looked through.
CREATE INDEX receipt_unmatched ON receipt (upstream, operator_key, received_at) WHERE standing = 'unmatched';
CREATE INDEX receipt_message ON receipt (message_id) WHERE message_id IS NOT NULL;
-- What is looked at again when more is known of the upstream's ids.
CREATE INDEX receipt_conflict ON receipt (upstream, id)
  WHERE standing = 'unmatched' AND (why = 'two_readings' OR why = 'other_reading');
-- What speaks against a settled habit.
CREATE INDEX receipt_missed ON receipt (upstream, received_at) WHERE standing = 'unmatched' AND why = 'other_reading';
-- The oldest ones, which are removed first.
CREATE INDEX receipt_old ON receipt (received_at) WHERE standing = 'unmatched';
-- A lost answer looks for the receipt that came before it was given up.
CREATE INDEX receipt_waiting ON receipt (recipient, upstream, received_at) WHERE standing = 'unmatched';
CREATE INDEX receipt_ids ON receipt (recipient, upstream, received_at) WHERE standing = 'unmatched' AND ids <> '';

-- Double entry: each row moves an amount from one purse of the account to another (P5).
CREATE TABLE ledger (
  id         bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  at         bigint NOT NULL,
  account_id bigint NOT NULL,
  message_id bigint,
  kind       text COLLATE "C" NOT NULL CHECK (kind IN ('reserve', 'settle', 'release', 'refund', 'credit', 'opening')),
  source     text COLLATE "C" NOT NULL CHECK (source IN ('available', 'reserved', 'revenue', 'funding')),
  target     text COLLATE "C" NOT NULL CHECK (target IN ('available', 'reserved', 'revenue', 'funding')),
  amount     bigint NOT NULL CHECK (amount > 0),
  note       text,
  reference  text COLLATE "C",
  campaign_id bigint,
  CHECK (target <> source)
);
CREATE INDEX ledger_account ON ledger (account_id, id);
CREATE INDEX ledger_campaign ON ledger (campaign_id) WHERE campaign_id IS NOT NULL;
CREATE INDEX ledger_opening ON ledger (account_id, source, target) WHERE kind = 'opening';
CREATE INDEX ledger_message ON ledger (message_id) WHERE message_id IS NOT NULL;
-- What was paid in and back: a statement lists it.
CREATE INDEX ledger_credit ON ledger (account_id, at) WHERE kind = 'credit';
CREATE UNIQUE INDEX ledger_reference ON ledger (account_id, reference) WHERE reference IS NOT NULL;

CREATE TABLE optout (
  recipient   text COLLATE "C" NOT NULL,
  line        text COLLATE "C" NOT NULL,
  code        bigint NOT NULL CHECK (code IN (27, 33)),
  source      text COLLATE "C" NOT NULL CHECK (source IN ('imported', 'learned', 'hand', 'handset')),
  learned_at  bigint NOT NULL,
  expires_at  bigint,
  is_doubtful bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (recipient, line)
);
-- What can be forgotten: an imported list of millions that never expires is not looked through every second.
CREATE INDEX optout_expires ON optout (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX optout_doubtful ON optout (recipient) WHERE is_doubtful = 1;

-- What handsets sent (MO). Each queue (target, sender) is posted in order: only its first waiting row has a next_at.
CREATE TABLE received (
  id            bigint PRIMARY KEY,
  upstream      text COLLATE "C" NOT NULL,
  link          text COLLATE "C" NOT NULL,
  line          text COLLATE "C" NOT NULL,
  sender        text COLLATE "C" NOT NULL,
  text          text NOT NULL,
  received_at   bigint NOT NULL,
  is_complete   bigint NOT NULL,
  read_at       bigint,
  relay         text COLLATE "C" NOT NULL CHECK (relay IN ('none', 'waiting', 'done', 'dead')),
  keyword       text NOT NULL DEFAULT '',
  target        text COLLATE "C" NOT NULL,
  tries         bigint NOT NULL DEFAULT 0 CHECK (tries >= 0),
  waiting_since bigint NOT NULL,
  next_at       bigint CHECK (next_at IS NULL OR relay = 'waiting'),
  note          text NOT NULL DEFAULT '',
  reply_id      bigint,
  is_foreign    bigint NOT NULL DEFAULT 0
);
CREATE INDEX received_line ON received (line, received_at);
CREATE INDEX received_unread ON received (line, id) WHERE read_at IS NULL AND is_foreign = 0;
CREATE INDEX received_queue ON received (target, sender, id) WHERE relay = 'waiting';
CREATE INDEX received_due ON received (target, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX received_foreign ON received (link, line, received_at) WHERE is_foreign = 1;

-- The parts as they came: those that wait for the others of their message, and, without their octets, those of the last
-- minutes, by which a repeated one is known.
CREATE TABLE received_part (
  id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  digest      bytea NOT NULL,
  session     text NOT NULL,
  upstream    text COLLATE "C" NOT NULL,
  link        text COLLATE "C" NOT NULL,
  line        text COLLATE "C" NOT NULL,
  sender      text COLLATE "C" NOT NULL,
  reference   bigint,
  total       bigint NOT NULL,
  part        bigint NOT NULL CHECK (part BETWEEN 1 AND total),
  alphabet    text NOT NULL,
  octets      bytea NOT NULL,
  received_at bigint NOT NULL,
  due_at      bigint NOT NULL,
  received_id bigint
);
CREATE INDEX received_part_digest ON received_part (digest, received_at);
CREATE UNIQUE INDEX received_part_open ON received_part (upstream, line, sender, reference, total, part)
  WHERE received_id IS NULL;
CREATE INDEX received_part_due ON received_part (due_at) WHERE received_id IS NULL;
CREATE INDEX received_part_old ON received_part (received_at) WHERE received_id IS NOT NULL;

-- The callers' own ids of messages: each of a kind, and a word (domain/own_ids.py).
CREATE TABLE own_id (
  account_id  bigint NOT NULL,
  kind        text COLLATE "C" NOT NULL CHECK (kind IN ('check', 'reference')),
  key         text COLLATE "C" NOT NULL,
  message_id  bigint NOT NULL,
  accepted_at bigint NOT NULL,
  digest      bytea,
  PRIMARY KEY (account_id, kind, key)
);

-- What webhooks tell: one row for each change of a message's state, written by the transaction that makes it, if the
-- account has a webhook. A row goes with its message. Without the recipient, which the message has.
-- A waiting row without next_at comes after the row before it, which then waits too.
CREATE TABLE notice (
  message_id    bigint NOT NULL,
  sequence      bigint NOT NULL CHECK (sequence > 0),
  account_id    bigint NOT NULL,
  at            bigint NOT NULL,
  state         text COLLATE "C" NOT NULL,
  reason        text COLLATE "C" NOT NULL,
  told          bigint NOT NULL,
  code          bigint,
  line          text COLLATE "C" NOT NULL,
  step          bigint NOT NULL,
  was_taken     bigint NOT NULL,
  charged       bigint NOT NULL,
  post          text COLLATE "C" NOT NULL CHECK (post IN ('waiting', 'done', 'dead')),
  tries         bigint NOT NULL DEFAULT 0 CHECK (tries >= 0),
  waiting_since bigint NOT NULL,
  next_at       bigint CHECK (next_at IS NULL OR post = 'waiting'),
  posted_at     bigint,
  note          text NOT NULL DEFAULT '',
  PRIMARY KEY (message_id, sequence)
);
-- What has its turn, by target: a target with many is one range that the others do not go through.
CREATE INDEX notice_due ON notice (account_id, next_at) WHERE next_at IS NOT NULL;
-- What has not arrived, for people and for the metrics.
CREATE INDEX notice_open ON notice (account_id, post, at) WHERE post <> 'done';

-- The targets that answered 410: nothing is posted to that URL until it is changed, or a person replays.
CREATE TABLE webhook_gone (
  account_id bigint PRIMARY KEY,
  url        text NOT NULL,
  at         bigint NOT NULL
);

-- What was learned of each upstream's ids, and how many of its unmatched receipts were removed for their age.
CREATE TABLE id_habit (
  upstream       text COLLATE "C" PRIMARY KEY,
  judged         bigint NOT NULL DEFAULT 0,
  same           bigint NOT NULL DEFAULT 0,
  hex_to_decimal bigint NOT NULL DEFAULT 0,
  decimal_to_hex bigint NOT NULL DEFAULT 0,
  contradictions bigint NOT NULL DEFAULT 0,
  unlearned      bigint NOT NULL DEFAULT 0,
  settled        text COLLATE "C" NOT NULL DEFAULT 'auto'
                   CHECK (settled IN ('auto', 'same', 'hex_to_decimal', 'decimal_to_hex')),
  removed        bigint NOT NULL DEFAULT 0,
  removed_until  bigint,
  several        bigint NOT NULL DEFAULT 0,
  by_parameter   bigint NOT NULL DEFAULT 0,
  by_text        bigint NOT NULL DEFAULT 0,
  by_payload     bigint NOT NULL DEFAULT 0,
  place          text COLLATE "C" NOT NULL DEFAULT '' CHECK (place IN ('', 'parameter', 'text', 'payload'))
);

-- Under which operator's name a link has sent, where that is another one by now: what is under way is found there too.
CREATE TABLE upstream_name (
  link     text COLLATE "C" NOT NULL,
  upstream text COLLATE "C" NOT NULL,
  left_at  bigint,
  PRIMARY KEY (link, upstream)
);

-- The mark of the store, drawn anew while something is written; no file beside it, for there is none.
CREATE TABLE mark (
  one      bigint PRIMARY KEY CHECK (one = 1),
  value    text NOT NULL DEFAULT '',
  beside   text NOT NULL DEFAULT '',
  moved_at bigint NOT NULL DEFAULT 0,
  batch    bigint NOT NULL DEFAULT 0,
  is_copy  bigint NOT NULL DEFAULT 0
);
INSERT INTO mark (one) VALUES (1);

-- Each time that the store was held to be a copy that was put back; the last one counts.
CREATE TABLE restored (
  id             bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  why            text COLLATE "C" NOT NULL CHECK (why IN ('asked', 'copy', 'mark')),
  noticed_at     bigint NOT NULL,
  known_until_at bigint NOT NULL,
  message_id     bigint NOT NULL,
  received_id    bigint NOT NULL,
  ids_above      bigint NOT NULL,
  events_above   bigint NOT NULL,
  -- The last message that was looked at while holding; NULL when all are held.
  held_to        bigint,
  resumed_at     bigint
);

-- Rows whose handling failed by a bug of ours, so that the rest of the work goes past them. A row's id is kept as a word.
CREATE TABLE aside (
  kind     text COLLATE "C" NOT NULL,
  key      text COLLATE "C" NOT NULL,
  version  bigint NOT NULL DEFAULT 0,
  error    text NOT NULL,
  place    text NOT NULL,
  first_at bigint NOT NULL,
  last_at  bigint NOT NULL,
  times    bigint NOT NULL CHECK (times > 0),
  again_at bigint NOT NULL,
  PRIMARY KEY (kind, key)
);

-- What an operator brought or answered and we could not handle: the octets as they came, acknowledged, for a person to
-- look at. The oldest go when there are too many.
CREATE TABLE unreadable (
  id         bigint PRIMARY KEY,
  kind       text COLLATE "C" NOT NULL CHECK (kind IN ('receipt', 'mo', 'answer')),
  link       text COLLATE "C" NOT NULL,
  message_id bigint,
  octets     bytea NOT NULL CHECK (length(octets) <= 65536),
  error      text NOT NULL,
  place      text NOT NULL,
  came_at    bigint NOT NULL
);

-- The owners that have not been ended: the one that is at work, and those whose messages are to be recovered.
CREATE TABLE owner (
  id       bigint PRIMARY KEY,
  since_at bigint NOT NULL
);
INSERT INTO owner (id, since_at) VALUES (1, 0);

-- What people did by hand: a row for each thing that an act was about, written by the transaction that did it.
CREATE TABLE audit (
  id      bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  at      bigint NOT NULL,
  act     bigint NOT NULL,
  who     text NOT NULL,
  command text NOT NULL,
  reason  text NOT NULL,
  what    text COLLATE "C" NOT NULL,
  about   text COLLATE "C" NOT NULL,
  "before" text NOT NULL,
  "after" text NOT NULL,
  count   bigint NOT NULL,
  UNIQUE (act, what, about)
);
CREATE INDEX audit_at ON audit (at);

-- What messages ended as and which money moved, by day (domain/usage.py). Never removed. `day` counts from 1970-01-01 in
-- Tehran; 0 is not known. `what` is the state in which messages ended, `charged` or `refunded`.
CREATE TABLE usage_day (
  day            bigint NOT NULL,
  account_id     bigint NOT NULL,
  line           text COLLATE "C" NOT NULL,
  encoding       text COLLATE "C" NOT NULL,
  source         text COLLATE "C" NOT NULL,
  campaign       bigint NOT NULL,
  first_operator text COLLATE "C" NOT NULL,
  what           text COLLATE "C" NOT NULL,
  count          bigint NOT NULL,
  parts          bigint NOT NULL,
  rial           bigint NOT NULL,
  PRIMARY KEY (day, account_id, line, encoding, source, campaign, first_operator, what)
) WITH (fillfactor = 50);

-- Campaigns (domain/campaigns.py: Campaign) and the rows of their files, each of which becomes one message at most: the
-- row's outcome and its message are written by one transaction.
CREATE TABLE campaign (
  id              bigint PRIMARY KEY,
  account_id      bigint NOT NULL,
  name            text NOT NULL,
  text            text NOT NULL,
  columns         text NOT NULL,
  ways            text NOT NULL,
  template        bigint,
  pace_per_minute bigint CHECK (pace_per_minute > 0),
  validity_ms     bigint NOT NULL CHECK (validity_ms > 0),
  guard_share     double precision NOT NULL,
  digest          text COLLATE "C" NOT NULL,
  created_by      text NOT NULL,
  created_at      bigint NOT NULL,
  state           text COLLATE "C" NOT NULL CHECK (state IN ('draft', 'checking', 'failed', 'ready', 'scheduled', 'sending',
                    'paused', 'finished', 'cancelled')),
  reason          text COLLATE "C",
  version         bigint NOT NULL,
  rows            bigint NOT NULL,
  pending         bigint NOT NULL CHECK (pending >= 0),
  excluded        bigint NOT NULL CHECK (excluded >= 0),
  made            bigint NOT NULL CHECK (made >= 0),
  refused         bigint NOT NULL CHECK (refused >= 0),
  final           bigint NOT NULL CHECK (final >= 0),
  failed          bigint NOT NULL CHECK (failed >= 0),
  fed_to          bigint NOT NULL,
  held_rial       bigint NOT NULL CHECK (held_rial >= 0),
  most_rial       bigint NOT NULL CHECK (most_rial >= 0),
  likely_rial     bigint NOT NULL CHECK (likely_rial >= 0),
  checked_version bigint NOT NULL,
  tariffs         text NOT NULL,
  send_at         bigint,
  started_at      bigint,
  finished_at     bigint,
  first_fed_at    bigint,
  judged          bigint NOT NULL,
  owner           bigint NOT NULL,
  CHECK ((reason IS NOT NULL) = (state = 'paused')),
  CHECK (held_rial = 0 OR state IN ('scheduled', 'sending', 'paused'))
);
-- What a feeder has to do with: those that send, wait or are paused, and those taken back whose messages have not ended.
CREATE INDEX campaign_at_work ON campaign (id)
  WHERE state = 'scheduled' OR state = 'sending' OR state = 'paused' OR (state = 'cancelled' AND final < made);
CREATE INDEX campaign_of_account ON campaign (account_id, id);

CREATE TABLE campaign_row (
  campaign_id bigint NOT NULL,
  n           bigint NOT NULL,
  recipient   text COLLATE "C" NOT NULL,
  fields      text NOT NULL,
  outcome     text COLLATE "C" NOT NULL CHECK (outcome IN ('pending', 'excluded', 'made', 'refused')),
  why         text COLLATE "C" NOT NULL,
  code        bigint,
  message_id  bigint,
  PRIMARY KEY (campaign_id, n),
  CHECK ((message_id IS NOT NULL) = (outcome = 'made'))
);

-- People of the panel. `key` is the name as names are compared.
CREATE TABLE panel_user (
  id                 bigint PRIMARY KEY,
  name               text NOT NULL,
  key                text COLLATE "C" NOT NULL UNIQUE,
  password_hash      text NOT NULL,
  credential_version bigint NOT NULL,
  account_id         bigint,
  role               text COLLATE "C" NOT NULL CHECK (role IN ('owner', 'sender', 'viewer', 'clerk', 'operator',
                       'administrator', 'observer')),
  is_active          bigint NOT NULL,
  made_at            bigint NOT NULL,
  last_login_at      bigint,
  CHECK ((account_id IS NULL) = (role NOT IN ('owner', 'sender', 'viewer')))
);

-- Who has signed in: the digest of what a browser holds, never that itself.
CREATE TABLE panel_session (
  digest             bytea PRIMARY KEY,
  user_id            bigint NOT NULL REFERENCES panel_user ON DELETE CASCADE,
  credential_version bigint NOT NULL,
  begun_at           bigint NOT NULL,
  used_at            bigint NOT NULL
);
CREATE INDEX panel_session_user ON panel_session (user_id, begun_at);

-- What a list was searched by that may not stand in a URL.
CREATE TABLE panel_view (
  name    text COLLATE "C" PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES panel_user ON DELETE CASCADE,
  filters text NOT NULL,
  made_at bigint NOT NULL
);
CREATE INDEX panel_view_user ON panel_view (user_id, made_at);
