-- Runs before the new code; the older code does not look at it, and finds no id with a hyphen that came meanwhile.

-- All the ids that a receipt names, by their place (joined by line ends), where it names more than one.
ALTER TABLE receipt ADD COLUMN ids TEXT NOT NULL DEFAULT '';
CREATE INDEX receipt_ids ON receipt (recipient, upstream, received_at) WHERE standing = 'unmatched' AND ids <> '';

-- What was learned of the place of the id that counts, of receipts that name several.
ALTER TABLE id_habit ADD COLUMN several INTEGER NOT NULL DEFAULT 0;
ALTER TABLE id_habit ADD COLUMN by_parameter INTEGER NOT NULL DEFAULT 0;
ALTER TABLE id_habit ADD COLUMN by_text INTEGER NOT NULL DEFAULT 0;
ALTER TABLE id_habit ADD COLUMN by_payload INTEGER NOT NULL DEFAULT 0;
ALTER TABLE id_habit ADD COLUMN place TEXT NOT NULL DEFAULT '' CHECK (place IN ('', 'parameter', 'text', 'payload'));

-- Under which operator's name a link has sent, where that is another one by now: what is under way is found there too.
-- `left_at` is set by the first round that finds it so; the row goes when nothing can be under way any more.
CREATE TABLE upstream_name (
  link     TEXT NOT NULL,
  upstream TEXT NOT NULL,
  left_at  INTEGER,
  PRIMARY KEY (link, upstream)
) WITHOUT ROWID;
INSERT INTO upstream_name (link, upstream)
SELECT name, coalesce(nullif(json_extract(body, '$.upstream'), ''), name) FROM config WHERE kind = 'link';

-- Ids are compared without hyphens and braces, and a 0x before one is none of it.
UPDATE part SET operator_key = replace(replace(replace(operator_key, '-', ''), '{', ''), '}', '')
WHERE operator_key GLOB '*[-{}]*';
UPDATE part SET operator_key = coalesce(nullif(ltrim(substr(operator_key, 2), '0'), ''), '0')
WHERE operator_key GLOB 'x[0-9a-f]*' AND operator_id LIKE '0x%' AND substr(operator_key, 2) NOT GLOB '*[^0-9a-f]*';
UPDATE part SET operator_key = coalesce(nullif(ltrim(operator_key, '0'), ''), '0') WHERE operator_key GLOB '0*';
UPDATE receipt SET operator_key = replace(replace(replace(operator_key, '-', ''), '{', ''), '}', '')
WHERE operator_key GLOB '*[-{}]*';
UPDATE receipt SET operator_key = coalesce(nullif(ltrim(substr(operator_key, 2), '0'), ''), '0')
WHERE operator_key GLOB 'x[0-9a-f]*' AND operator_id LIKE '0x%' AND substr(operator_key, 2) NOT GLOB '*[^0-9a-f]*';
UPDATE receipt SET operator_key = coalesce(nullif(ltrim(operator_key, '0'), ''), '0')
WHERE operator_key GLOB '0*' AND operator_id <> '';
