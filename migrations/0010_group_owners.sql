-- Groups that answer for a feature. Features that are there have none.
CREATE TABLE feature_group_owners (
  feature_id INTEGER NOT NULL REFERENCES features (id) ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
  PRIMARY KEY (feature_id, group_id)
) WITHOUT ROWID;
CREATE INDEX feature_group_owners_by_group ON feature_group_owners (group_id);
