-- A version for every feature, for If-Match; features that are there begin at 1. And the settings of a
-- project that were constants so far: everything that is there keeps the values it was served with.
ALTER TABLE features ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

ALTER TABLE projects ADD COLUMN enforce_feature_owners INTEGER NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN max_features_allowed INTEGER NOT NULL DEFAULT 1000;
ALTER TABLE projects ADD COLUMN max_segments_allowed INTEGER NOT NULL DEFAULT 500;
ALTER TABLE projects ADD COLUMN max_segment_overrides_allowed INTEGER NOT NULL DEFAULT 2000;
ALTER TABLE projects ADD COLUMN max_segment_conditions_allowed INTEGER NOT NULL DEFAULT 100;
ALTER TABLE projects ADD COLUMN max_feature_value_bytes INTEGER NOT NULL DEFAULT 20000;
