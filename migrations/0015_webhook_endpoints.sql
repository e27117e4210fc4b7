-- Endpoints of organisations beside those of environments, and all that an endpoint can be told. SQLite
-- cannot take NOT NULL off a column, so the table is built anew; what hangs on it is copied before it
-- goes, because dropping a table deletes its rows and, by the foreign keys, those below them.
CREATE TABLE webhooks_new (
  id INTEGER PRIMARY KEY,
  organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  environment_id INTEGER REFERENCES environments (id) ON DELETE CASCADE,
  url TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  description TEXT NOT NULL DEFAULT '',
  format TEXT NOT NULL DEFAULT 'flagsmith' CHECK (format IN ('flagsmith', 'flipt', 'standard')),
  patterns TEXT NOT NULL DEFAULT '["*:*"]',
  sealed_secret TEXT,
  sealed_next_secret TEXT,
  promote_at INTEGER,
  sealed_headers TEXT,
  disabled_reason TEXT CHECK (disabled_reason IN ('gone', 'failing')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE deliveries_new (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  webhook_id INTEGER NOT NULL REFERENCES webhooks_new (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  leased_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  UNIQUE (event_id, webhook_id)
) WITHOUT ROWID;

CREATE TABLE attempts_new (
  delivery_id TEXT NOT NULL REFERENCES deliveries_new (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT NOT NULL,
  response_status INTEGER,
  response_body TEXT,
  error TEXT,
  PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;

INSERT INTO webhooks_new
  (id, organisation_id, environment_id, url, enabled, sealed_secret, created_at, updated_at)
SELECT webhooks.id, projects.organisation_id, webhooks.environment_id, webhooks.url,
  webhooks.enabled, webhooks.sealed_secret, webhooks.created_at, webhooks.updated_at
FROM webhooks
JOIN environments ON environments.id = webhooks.environment_id
JOIN projects ON projects.id = environments.project_id;

INSERT INTO deliveries_new
  (id, event_id, webhook_id, state, attempts, next_attempt_at, leased_until, created_at)
SELECT id, event_id, webhook_id, state, attempts, next_attempt_at, leased_until, created_at
FROM deliveries;

INSERT INTO attempts_new
  (delivery_id, number, started_at, ended_at, outcome, response_status, response_body, error)
SELECT delivery_id, number, started_at, ended_at, outcome, response_status, response_body, error
FROM attempts;

DROP TABLE attempts;
DROP TABLE deliveries;
DROP TABLE webhooks;
-- Renaming takes the references along.
ALTER TABLE webhooks_new RENAME TO webhooks;
ALTER TABLE deliveries_new RENAME TO deliveries;
ALTER TABLE attempts_new RENAME TO attempts;

CREATE INDEX webhooks_by_environment ON webhooks (environment_id);
CREATE INDEX webhooks_by_organisation ON webhooks (organisation_id, environment_id);
-- What the cron promotes.
CREATE INDEX webhooks_by_promotion ON webhooks (promote_at) WHERE promote_at IS NOT NULL;
CREATE INDEX deliveries_due ON deliveries (state, next_attempt_at);
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, created_at);
