-- Segments, overrides and identities.

-- The rule tree is kept as JSON, exactly as it was sent.
CREATE TABLE segments (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  feature_id INTEGER REFERENCES features (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT,
  rules TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX segments_by_project ON segments (project_id);
CREATE INDEX segments_by_feature ON segments (feature_id) WHERE feature_id IS NOT NULL;

-- Which segments override a feature in an environment, and how strongly (the smaller wins).
CREATE TABLE feature_segments (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  feature_id INTEGER NOT NULL REFERENCES features (id) ON DELETE CASCADE,
  segment_id INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  environment_id INTEGER NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  priority INTEGER NOT NULL,
  UNIQUE (environment_id, feature_id, segment_id)
);
CREATE INDEX feature_segments_by_feature ON feature_segments (feature_id);
CREATE INDEX feature_segments_by_segment ON feature_segments (segment_id);

-- Feature states gain overrides, so one environment may have several for one feature. Every state
-- there is so far is an environment's default and moves over as one. The child table moves along,
-- because dropping a parent would take its children with it.
CREATE TABLE feature_states_with_overrides (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  feature_id INTEGER NOT NULL REFERENCES features (id) ON DELETE CASCADE,
  environment_id INTEGER NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  feature_segment_id INTEGER REFERENCES feature_segments (id) ON DELETE CASCADE,
  identity_id INTEGER,
  identifier TEXT,
  enabled INTEGER NOT NULL,
  type TEXT NOT NULL,
  string_value TEXT,
  integer_value INTEGER,
  boolean_value INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
INSERT INTO feature_states_with_overrides
SELECT id, uuid, feature_id, environment_id, NULL, NULL, NULL, enabled, type, string_value,
  integer_value, boolean_value, created_at, updated_at
FROM feature_states;

CREATE TABLE multivariate_values_moved (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  feature_state_id INTEGER NOT NULL REFERENCES feature_states_with_overrides (id) ON DELETE CASCADE,
  option_id INTEGER NOT NULL REFERENCES multivariate_options (id) ON DELETE CASCADE,
  percentage_allocation REAL NOT NULL,
  UNIQUE (feature_state_id, option_id)
);
INSERT INTO multivariate_values_moved
SELECT id, uuid, feature_state_id, option_id, percentage_allocation FROM multivariate_values;

DROP TABLE multivariate_values;
DROP TABLE feature_states;
ALTER TABLE feature_states_with_overrides RENAME TO feature_states;
ALTER TABLE multivariate_values_moved RENAME TO multivariate_values;

CREATE INDEX multivariate_values_by_option ON multivariate_values (option_id);
CREATE INDEX feature_states_by_feature ON feature_states (feature_id);
CREATE UNIQUE INDEX feature_states_default ON feature_states (environment_id, feature_id)
  WHERE feature_segment_id IS NULL AND identity_id IS NULL;
CREATE UNIQUE INDEX feature_states_of_segment ON feature_states (feature_segment_id)
  WHERE feature_segment_id IS NOT NULL;
CREATE UNIQUE INDEX feature_states_of_identity ON feature_states (environment_id, identity_id, feature_id)
  WHERE identity_id IS NOT NULL;
CREATE INDEX feature_states_by_identifier ON feature_states (environment_id, identifier)
  WHERE identifier IS NOT NULL;

-- Identities and their traits: written by SDKs, not audited. Nothing outside refers to these two by
-- foreign key, so that they can move to databases of their own.
CREATE TABLE identities (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  environment_id INTEGER NOT NULL,
  identifier TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (environment_id, identifier)
);

CREATE TABLE traits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  identity_id INTEGER NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (identity_id, key)
);
