-- Each environment's events reach an endpoint in their order, unless it asks for no order; what it does
-- not want is kept as such, and takes no number. SQLite cannot take NOT NULL off a column, so the table
-- is built anew; what hangs on it is copied before it goes, because dropping a table deletes its rows
-- and, by the foreign keys, those below them.
CREATE TABLE deliveries_new (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  webhook_id INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  environment_id INTEGER,
  sequence INTEGER,
  state TEXT NOT NULL
    CHECK (state IN ('waiting', 'delivered', 'dead', 'disabled', 'filtered', 'skipped')),
  reason TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  earlier_attempts INTEGER NOT NULL DEFAULT 0,
  replayed INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  leased_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  format TEXT NOT NULL DEFAULT 'flagsmith' CHECK (format IN ('flagsmith', 'flipt', 'standard')),
  UNIQUE (event_id, webhook_id),
  UNIQUE (webhook_id, environment_id, sequence),
  CHECK ((sequence IS NULL) = (state = 'filtered'))
) WITHOUT ROWID;

CREATE TABLE attempts_new (
  delivery_id TEXT NOT NULL REFERENCES deliveries_new (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  duration_ms INTEGER,
  outcome TEXT NOT NULL,
  request_headers TEXT,
  response_status INTEGER,
  response_body TEXT,
  error TEXT,
  PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;

INSERT INTO deliveries_new
  (id, event_id, webhook_id, environment_id, sequence, state, reason, attempts, earlier_attempts,
   replayed, next_attempt_at, leased_until, created_at, format)
SELECT id, event_id, webhook_id, environment_id, sequence, state, reason, attempts, earlier_attempts,
  earlier_attempts > 0, next_attempt_at, leased_until, created_at, format
FROM deliveries;

INSERT INTO attempts_new
  (delivery_id, number, started_at, ended_at, duration_ms, outcome, request_headers, response_status,
   response_body, error)
SELECT delivery_id, number, started_at, ended_at, duration_ms, outcome, request_headers,
  response_status, response_body, error
FROM attempts;

DROP TABLE attempts;
DROP TABLE deliveries;
-- Renaming takes the references along.
ALTER TABLE deliveries_new RENAME TO deliveries;
ALTER TABLE attempts_new RENAME TO attempts;

CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, created_at);
-- What an endpoint is owed, by when it is due. In the order of each environment's events; what was sent
-- once more stands outside of that order.
CREATE INDEX deliveries_waiting ON deliveries (webhook_id, next_attempt_at, sequence)
  WHERE state = 'waiting';
CREATE INDEX deliveries_in_line ON deliveries (webhook_id, coalesce(environment_id, 0), sequence)
  WHERE state = 'waiting' AND NOT replayed;
CREATE INDEX deliveries_replayed ON deliveries (webhook_id, next_attempt_at, sequence)
  WHERE state = 'waiting' AND replayed;
CREATE INDEX deliveries_leased ON deliveries (webhook_id, leased_until) WHERE leased_until > 0;
-- Few, and looked for among many.
CREATE INDEX deliveries_dead ON deliveries (webhook_id, created_at, id) WHERE state = 'dead';

ALTER TABLE webhooks ADD COLUMN ordered INTEGER NOT NULL DEFAULT 1;
-- Signatures that a receiver can check without being able to make them.
ALTER TABLE webhooks ADD COLUMN sealed_private_key TEXT;
ALTER TABLE webhooks ADD COLUMN public_key TEXT;
