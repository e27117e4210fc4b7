-- Counters for public ids: reserved in blocks before a change is committed, so gaps are normal.
CREATE TABLE ids (
  name TEXT PRIMARY KEY,
  next INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL UNIQUE COLLATE NOCASE,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  is_superuser INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  last_login_at INTEGER
);

CREATE TABLE tokens (
  hash TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tokens_by_user ON tokens (user_id);

CREATE TABLE organisations (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  webhook_notification_email TEXT,
  persist_trait_data INTEGER NOT NULL DEFAULT 1,
  stop_serving_flags INTEGER NOT NULL DEFAULT 0,
  restrict_project_create_to_admin INTEGER NOT NULL DEFAULT 0,
  force_2fa INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
);

CREATE TABLE memberships (
  organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organisation_id, user_id)
) WITHOUT ROWID;
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE organisation_keys (
  prefix TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0,
  created_by INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) WITHOUT ROWID;
CREATE INDEX organisation_keys_by_organisation ON organisation_keys (organisation_id);

CREATE TABLE projects (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  hide_disabled_flags INTEGER NOT NULL DEFAULT 0,
  prevent_flag_defaults INTEGER NOT NULL DEFAULT 0,
  enable_realtime_updates INTEGER NOT NULL DEFAULT 0,
  only_allow_lower_case_feature_names INTEGER NOT NULL DEFAULT 1,
  feature_name_regex TEXT,
  stale_flags_limit_days INTEGER NOT NULL DEFAULT 30,
  created_at INTEGER NOT NULL,
  UNIQUE (organisation_id, name)
);

CREATE TABLE environments (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT,
  api_key TEXT NOT NULL UNIQUE,
  allow_client_traits INTEGER NOT NULL DEFAULT 1,
  banner_text TEXT,
  banner_colour TEXT,
  hide_disabled_flags INTEGER,
  hide_sensitive_data INTEGER NOT NULL DEFAULT 0,
  use_identity_composite_key_for_hashing INTEGER NOT NULL DEFAULT 1,
  use_identity_overrides_in_local_eval INTEGER NOT NULL DEFAULT 1,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (project_id, name)
);

CREATE TABLE environment_keys (
  id INTEGER PRIMARY KEY,
  environment_id INTEGER NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  hash TEXT NOT NULL UNIQUE,
  sealed TEXT NOT NULL,
  name TEXT NOT NULL,
  active INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
);
CREATE INDEX environment_keys_by_environment ON environment_keys (environment_id);

CREATE TABLE features (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name TEXT NOT NULL COLLATE NOCASE,
  type TEXT NOT NULL,
  description TEXT,
  initial_value TEXT,
  default_enabled INTEGER NOT NULL DEFAULT 0,
  is_archived INTEGER NOT NULL DEFAULT 0,
  is_server_key_only INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  UNIQUE (project_id, name)
);

CREATE TABLE multivariate_options (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  feature_id INTEGER NOT NULL REFERENCES features (id) ON DELETE CASCADE,
  key TEXT,
  type TEXT NOT NULL,
  string_value TEXT,
  integer_value INTEGER,
  boolean_value INTEGER,
  default_percentage_allocation REAL NOT NULL,
  UNIQUE (feature_id, key)
);

CREATE TABLE feature_states (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  feature_id INTEGER NOT NULL REFERENCES features (id) ON DELETE CASCADE,
  environment_id INTEGER NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  enabled INTEGER NOT NULL,
  type TEXT NOT NULL,
  string_value TEXT,
  integer_value INTEGER,
  boolean_value INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (environment_id, feature_id)
);
CREATE INDEX feature_states_by_feature ON feature_states (feature_id);

CREATE TABLE multivariate_values (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  feature_state_id INTEGER NOT NULL REFERENCES feature_states (id) ON DELETE CASCADE,
  option_id INTEGER NOT NULL REFERENCES multivariate_options (id) ON DELETE CASCADE,
  percentage_allocation REAL NOT NULL,
  UNIQUE (feature_state_id, option_id)
);
CREATE INDEX multivariate_values_by_option ON multivariate_values (option_id);

-- The audit log. UNIQUE (ledger, sequence) is the second guard behind the ledger's turns: of two live
-- ledger objects only one can commit a given sequence number.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ledger TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL,
  change_id TEXT NOT NULL,
  action TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT,
  resource_type TEXT NOT NULL,
  resource_id TEXT,
  project_id INTEGER,
  environment_id INTEGER,
  created_at INTEGER NOT NULL,
  record TEXT NOT NULL,
  UNIQUE (ledger, sequence)
);
CREATE INDEX entries_by_change ON entries (change_id);
CREATE INDEX entries_by_project ON entries (project_id, id);

CREATE TRIGGER entries_are_not_edited BEFORE UPDATE ON entries
BEGIN
  SELECT RAISE(ABORT, 'an audit entry is never edited');
END;

-- A row says "this still has to be done"; whoever does it reads the present truth first.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ledger TEXT NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX outbox_by_ledger ON outbox (ledger, id);

CREATE TABLE events (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  environment_id INTEGER NOT NULL,
  change_id TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE webhooks (
  id INTEGER PRIMARY KEY,
  environment_id INTEGER NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  url TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  sealed_secret TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX webhooks_by_environment ON webhooks (environment_id);

CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  webhook_id INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  leased_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  UNIQUE (event_id, webhook_id)
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (state, next_attempt_at);
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, created_at);

CREATE TABLE attempts (
  delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT NOT NULL,
  response_status INTEGER,
  response_body TEXT,
  error TEXT,
  PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;
