-- Rotations of client-side keys. Existing environments have none: their keys stay as they are.

-- While one runs, `environments.api_key` is the new key and the old one opens the environment too.
CREATE TABLE key_rotations (
  environment_id INTEGER PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
  old_key TEXT NOT NULL UNIQUE,
  started_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  first_used_at INTEGER,
  last_used_at INTEGER
);
CREATE INDEX key_rotations_by_end ON key_rotations (ends_at);

-- A key is one environment's alone, also while it is an old one: the last guard against two writes
-- of different organisations at once. The words are those of a unique column, so it is planned anew.
CREATE TRIGGER environments_take_no_old_key BEFORE INSERT ON environments
WHEN EXISTS (SELECT 1 FROM key_rotations WHERE old_key = NEW.api_key)
BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: key_rotations.old_key');
END;
CREATE TRIGGER environments_change_to_no_old_key BEFORE UPDATE OF api_key ON environments
WHEN EXISTS (SELECT 1 FROM key_rotations WHERE old_key = NEW.api_key)
BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: key_rotations.old_key');
END;
