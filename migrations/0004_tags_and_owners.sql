-- Tags of features and who answers for a feature. Features that are there have neither.
CREATE TABLE tags (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  color TEXT NOT NULL,
  description TEXT,
  is_permanent INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
);
CREATE INDEX tags_by_project ON tags (project_id);

CREATE TABLE feature_tags (
  feature_id INTEGER NOT NULL REFERENCES features (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
  PRIMARY KEY (feature_id, tag_id)
) WITHOUT ROWID;
CREATE INDEX feature_tags_by_tag ON feature_tags (tag_id);

CREATE TABLE feature_owners (
  feature_id INTEGER NOT NULL REFERENCES features (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (feature_id, user_id)
) WITHOUT ROWID;
CREATE INDEX feature_owners_by_user ON feature_owners (user_id);
