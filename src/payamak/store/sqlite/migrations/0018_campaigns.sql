-- Runs before the new code; the older code can go on beside it. Reads messages and ledger through once, for two indexes.

-- Campaigns (domain/campaigns.py: Campaign) and the rows of their files, each of which becomes one message at most: the
-- row's outcome and its message are written by one transaction.
CREATE TABLE campaign (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id      INTEGER NOT NULL,
  name            TEXT NOT NULL,
  text            TEXT NOT NULL,
  columns         TEXT NOT NULL CHECK (json_valid(columns)),
  ways            TEXT NOT NULL,
  template        INTEGER,
  pace_per_minute INTEGER CHECK (pace_per_minute > 0),
  validity_ms     INTEGER NOT NULL CHECK (validity_ms > 0),
  guard_share     REAL NOT NULL,
  digest          TEXT NOT NULL,
  created_by      TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('draft', 'checking', 'failed', 'ready', 'scheduled', 'sending', 'paused',
                    'finished', 'cancelled')),
  reason          TEXT,
  version         INTEGER NOT NULL,
  rows            INTEGER NOT NULL,
  pending         INTEGER NOT NULL CHECK (pending >= 0),
  excluded        INTEGER NOT NULL CHECK (excluded >= 0),
  made            INTEGER NOT NULL CHECK (made >= 0),
  refused         INTEGER NOT NULL CHECK (refused >= 0),
  final           INTEGER NOT NULL CHECK (final >= 0),
  failed          INTEGER NOT NULL CHECK (failed >= 0),
  fed_to          INTEGER NOT NULL,
  held_rial       INTEGER NOT NULL CHECK (held_rial >= 0),
  most_rial       INTEGER NOT NULL CHECK (most_rial >= 0),
  likely_rial     INTEGER NOT NULL CHECK (likely_rial >= 0),
  checked_version INTEGER NOT NULL,
  tariffs         TEXT NOT NULL CHECK (json_valid(tariffs)),
  send_at         INTEGER,
  started_at      INTEGER,
  finished_at     INTEGER,
  first_fed_at    INTEGER,
  judged          INTEGER NOT NULL,
  owner           INTEGER NOT NULL,
  CHECK ((reason IS NOT NULL) = (state = 'paused')),
  CHECK (held_rial = 0 OR state = 'scheduled' OR state = 'sending' OR state = 'paused')
);
-- What a feeder has to do with: those that send, wait or are paused, and those taken back whose messages have not ended.
CREATE INDEX campaign_at_work ON campaign (id)
  WHERE state = 'scheduled' OR state = 'sending' OR state = 'paused' OR (state = 'cancelled' AND final < made);
CREATE INDEX campaign_of_account ON campaign (account_id, id);

CREATE TABLE campaign_row (
  campaign_id INTEGER NOT NULL REFERENCES campaign ON DELETE CASCADE,
  n           INTEGER NOT NULL,
  recipient   TEXT NOT NULL,
  fields      TEXT NOT NULL,
  outcome     TEXT NOT NULL CHECK (outcome = 'pending' OR outcome = 'excluded' OR outcome = 'made' OR outcome = 'refused'),
  why         TEXT NOT NULL,
  code        INTEGER,
  message_id  INTEGER,
  PRIMARY KEY (campaign_id, n),
  CHECK ((message_id IS NOT NULL) = (outcome = 'made'))
) WITHOUT ROWID;

-- Of whose rows a message was made; 0: it came by itself.
ALTER TABLE message ADD COLUMN campaign_id INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_campaign ON message (campaign_id, state) WHERE campaign_id <> 0;

-- What is held for a campaign, and what of it went on to its messages or back, are entries without a message.
ALTER TABLE ledger ADD COLUMN campaign_id INTEGER;
CREATE INDEX ledger_campaign ON ledger (campaign_id) WHERE campaign_id IS NOT NULL;
