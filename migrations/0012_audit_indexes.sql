-- Columns and indexes to read the audit log by. Nothing is copied and no row is edited: the columns are
-- computed from `record` whenever they are read, for entries that are there as for new ones, so the
-- trigger that forbids edits stays as it is. If a record is ever cut, what it was found by goes with it.

-- The feature that an entry is about: its own entries, those of its states, options and overrides.
ALTER TABLE entries ADD COLUMN feature_id INTEGER GENERATED ALWAYS AS (
  CASE resource_type
    WHEN 'FEATURE' THEN CAST(resource_id AS INTEGER)
    ELSE coalesce(
      json_extract(record, '$.after.feature_id'),
      json_extract(record, '$.before.feature_id')
    )
  END
) VIRTUAL;
ALTER TABLE entries ADD COLUMN outcome TEXT
  GENERATED ALWAYS AS (json_extract(record, '$.outcome')) VIRTUAL;
ALTER TABLE entries ADD COLUMN request_id TEXT
  GENERATED ALWAYS AS (json_extract(record, '$.source.request_id')) VIRTUAL;
ALTER TABLE entries ADD COLUMN resource_name TEXT
  GENERATED ALWAYS AS (json_extract(record, '$.resource.name')) VIRTUAL;
ALTER TABLE entries ADD COLUMN log TEXT
  GENERATED ALWAYS AS (json_extract(record, '$.log')) VIRTUAL;
-- Who, what and where, for free text.
ALTER TABLE entries ADD COLUMN names TEXT GENERATED ALWAYS AS (
  coalesce(json_extract(record, '$.actor.name'), '') || char(10) ||
  coalesce(json_extract(record, '$.resource.name'), '') || char(10) ||
  coalesce(json_extract(record, '$.environment.name'), '')
) VIRTUAL;

-- One index for each filter, in the order of the log: a page is a range of it.
CREATE INDEX entries_by_request ON entries (ledger, request_id, sequence);
CREATE INDEX entries_by_resource ON entries (ledger, resource_id, sequence);
CREATE INDEX entries_by_feature ON entries (ledger, feature_id, sequence)
  WHERE feature_id IS NOT NULL;
CREATE INDEX entries_by_actor ON entries (ledger, actor_id, sequence);
CREATE INDEX entries_by_actor_kind ON entries (ledger, actor_kind, sequence);
CREATE INDEX entries_by_environment ON entries (ledger, environment_id, sequence)
  WHERE environment_id IS NOT NULL;
CREATE INDEX entries_of_project ON entries (ledger, project_id, sequence);
CREATE INDEX entries_by_action ON entries (ledger, resource_type, action, sequence);
-- Nearly every entry is of a change that was made.
CREATE INDEX entries_by_outcome ON entries (ledger, outcome, sequence) WHERE outcome <> 'ok';
-- One row for each feature there ever was: names of deleted ones lead to their entries too.
CREATE INDEX entries_by_feature_name ON entries (ledger, resource_name COLLATE NOCASE, feature_id)
  WHERE action = 'feature.created';

DROP INDEX entries_by_change;
CREATE INDEX entries_by_change ON entries (change_id, sequence);

-- By time, with what the original's filters ask for, so that rows are counted without being read.
DROP INDEX entries_by_project;
CREATE INDEX entries_by_project ON entries (project_id, created_at, environment_id, actor_kind);
CREATE INDEX entries_by_time ON entries
  (ledger, created_at, sequence, project_id, environment_id, actor_kind);

-- Free text is looked for here, a tenth of what the records are.
CREATE INDEX entries_by_text ON entries
  (ledger, sequence, created_at, project_id, environment_id, actor_kind, log, names);
