-- Where each delivery stands and why, how each endpoint fares, whose each event is. Events get room for
-- what belongs to no environment; SQLite cannot take NOT NULL off a column, so the table is built anew,
-- and what hangs on it is copied before it goes, because dropping a table deletes the rows below it.
CREATE TABLE events_new (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  organisation_id INTEGER NOT NULL,
  environment_id INTEGER,
  action TEXT NOT NULL,
  change_id TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE deliveries_new (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL REFERENCES events_new (id) ON DELETE CASCADE,
  webhook_id INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  environment_id INTEGER,
  sequence INTEGER NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('waiting', 'delivered', 'dead', 'disabled', 'filtered', 'skipped')),
  reason TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  earlier_attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  leased_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  UNIQUE (event_id, webhook_id),
  UNIQUE (webhook_id, environment_id, sequence)
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

-- An environment may be gone by now; then the change's entry knows whose it was.
INSERT INTO events_new (id, type, organisation_id, environment_id, action, change_id, body, created_at)
SELECT events.id, events.type,
  coalesce(
    (SELECT projects.organisation_id FROM environments
     JOIN projects ON projects.id = environments.project_id
     WHERE environments.id = events.environment_id),
    (SELECT CAST(substr(entries.ledger, length('organisation:') + 1) AS INTEGER) FROM entries
     WHERE entries.change_id = events.change_id LIMIT 1),
    0),
  events.environment_id,
  coalesce(
    (SELECT entries.action FROM entries WHERE entries.change_id = events.change_id
     ORDER BY entries.sequence LIMIT 1),
    CASE events.type WHEN 'FLAG_DELETED' THEN 'feature.deleted' ELSE 'feature-state.updated' END),
  events.change_id, events.body, events.created_at
FROM events;

INSERT INTO deliveries_new
  (id, event_id, webhook_id, environment_id, sequence, state, reason, attempts, next_attempt_at,
   leased_until, created_at)
SELECT deliveries.id, deliveries.event_id, deliveries.webhook_id, events.environment_id,
  row_number() OVER (
    PARTITION BY deliveries.webhook_id, events.environment_id
    ORDER BY events.created_at, deliveries.created_at, deliveries.id),
  CASE deliveries.state WHEN 'parked' THEN 'dead' ELSE deliveries.state END,
  CASE WHEN deliveries.state <> 'parked' THEN NULL
    WHEN deliveries.attempts >= 10 THEN 'attempts used up'
    WHEN EXISTS (SELECT 1 FROM attempts
      WHERE attempts.delivery_id = deliveries.id AND attempts.error = 'gone') THEN 'gone'
    ELSE 'endpoint disabled' END,
  deliveries.attempts, deliveries.next_attempt_at, deliveries.leased_until, deliveries.created_at
FROM deliveries
JOIN events ON events.id = deliveries.event_id;

INSERT INTO attempts_new
  (delivery_id, number, started_at, ended_at, duration_ms, outcome, response_status, response_body,
   error)
SELECT delivery_id, number, started_at, ended_at, ended_at - started_at, outcome, response_status,
  response_body, error
FROM attempts;

DROP TABLE attempts;
DROP TABLE deliveries;
DROP TABLE events;
-- Renaming takes the references along.
ALTER TABLE events_new RENAME TO events;
ALTER TABLE deliveries_new RENAME TO deliveries;
ALTER TABLE attempts_new RENAME TO attempts;

CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, created_at);
-- What an endpoint is owed, in the order in which it gets it; and what is being sent to it.
CREATE INDEX deliveries_waiting ON deliveries (webhook_id, next_attempt_at, sequence)
  WHERE state = 'waiting';
CREATE INDEX deliveries_leased ON deliveries (webhook_id, leased_until) WHERE leased_until > 0;

CREATE TABLE webhook_health (
  webhook_id INTEGER PRIMARY KEY REFERENCES webhooks (id) ON DELETE CASCADE,
  last_status INTEGER,
  last_success_at INTEGER,
  last_failure_at INTEGER,
  failing_since INTEGER,
  breaker_state TEXT NOT NULL DEFAULT 'closed'
    CHECK (breaker_state IN ('closed', 'open', 'half-open')),
  breaker_until INTEGER,
  consecutive_failures INTEGER NOT NULL DEFAULT 0,
  gone_at INTEGER,
  revision INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX webhook_health_failing ON webhook_health (failing_since) WHERE failing_since IS NOT NULL;
