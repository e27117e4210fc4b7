-- What is personal in an entry leaves the record that is hashed: the record keeps a salted commitment,
-- and the data stands beside it, where it can be erased. Entries that are there stay as they are: their
-- record is whole, and nothing is beside it.
ALTER TABLE entries ADD COLUMN personal TEXT;

-- What a v1 record told by itself, a v2 entry tells from beside it.
DROP INDEX entries_by_feature_name;
DROP INDEX entries_by_text;
ALTER TABLE entries DROP COLUMN resource_name;
ALTER TABLE entries DROP COLUMN log;
ALTER TABLE entries DROP COLUMN names;

ALTER TABLE entries ADD COLUMN resource_name TEXT GENERATED ALWAYS AS (
  coalesce(
    json_extract(record, '$.resource.name'),
    json_extract(personal, '$.subject.resource.name')
  )
) VIRTUAL;
ALTER TABLE entries ADD COLUMN log TEXT GENERATED ALWAYS AS (
  coalesce(json_extract(record, '$.log'), json_extract(personal, '$.subject.log'))
) VIRTUAL;
ALTER TABLE entries ADD COLUMN names TEXT GENERATED ALWAYS AS (
  coalesce(json_extract(record, '$.actor.name'), json_extract(personal, '$.actor.name'), '') ||
  char(10) ||
  coalesce(
    json_extract(record, '$.resource.name'),
    json_extract(personal, '$.subject.resource.name'),
    ''
  ) || char(10) ||
  coalesce(json_extract(record, '$.environment.name'), '')
) VIRTUAL;

CREATE INDEX entries_by_feature_name ON entries (ledger, resource_name COLLATE NOCASE, feature_id)
  WHERE action = 'feature.created';
CREATE INDEX entries_by_text ON entries
  (ledger, sequence, created_at, project_id, environment_id, actor_kind, log, names);

-- Entries about people, while they tell about whom: what erasing looks through.
CREATE INDEX entries_about_people ON entries (ledger, resource_type, environment_id, resource_id)
  WHERE json_extract(personal, '$.subject') IS NOT NULL;

-- An entry is never edited, and neither is what stands beside it. It may only be lost: one part of it,
-- or all.
DROP TRIGGER entries_are_not_edited;
CREATE TRIGGER entries_are_not_edited BEFORE UPDATE ON entries
WHEN
  (NEW.id, NEW.ledger, NEW.sequence, NEW.hash, NEW.change_id, NEW.action, NEW.created_at, NEW.record)
    IS NOT
  (OLD.id, OLD.ledger, OLD.sequence, OLD.hash, OLD.change_id, OLD.action, OLD.created_at, OLD.record)
  OR (NEW.actor_kind, NEW.actor_id, NEW.resource_type, NEW.resource_id, NEW.project_id,
      NEW.environment_id)
    IS NOT
  (OLD.actor_kind, OLD.actor_id, OLD.resource_type, OLD.resource_id, OLD.project_id,
      OLD.environment_id)
  OR OLD.personal IS NULL
  OR NEW.personal IS OLD.personal
  OR (NEW.personal IS NOT NULL
    AND NEW.personal IS NOT json_remove(OLD.personal, '$.actor')
    AND NEW.personal IS NOT json_remove(OLD.personal, '$.subject'))
BEGIN
  SELECT RAISE(ABORT, 'an audit entry is never edited');
END;
