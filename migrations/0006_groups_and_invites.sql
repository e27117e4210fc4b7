-- Groups of people, and invites. Nothing there is so far belongs to a group or was invited: the tables
-- begin empty, and nobody's way of signing up is known.
CREATE TABLE groups (
  id INTEGER PRIMARY KEY,
  organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  is_default INTEGER NOT NULL DEFAULT 0,
  external_id TEXT,
  created_at INTEGER NOT NULL,
  UNIQUE (organisation_id, external_id)
);

CREATE TABLE group_members (
  group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  is_admin INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id);

-- Invites by e-mail: one a person and organisation, until it is accepted.
CREATE TABLE invites (
  id INTEGER PRIMARY KEY,
  organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  email TEXT NOT NULL COLLATE NOCASE,
  hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  invited_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (organisation_id, email)
);
CREATE INDEX invites_by_inviter ON invites (invited_by);

CREATE TABLE invite_groups (
  invite_id INTEGER NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
  PRIMARY KEY (invite_id, group_id)
) WITHOUT ROWID;
CREATE INDEX invite_groups_by_group ON invite_groups (group_id);

-- Links that anybody who holds one may join by, as often as they are opened before they expire.
CREATE TABLE invite_links (
  id INTEGER PRIMARY KEY,
  organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  hash TEXT NOT NULL UNIQUE,
  sealed TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
);
CREATE INDEX invite_links_by_organisation ON invite_links (organisation_id);

ALTER TABLE users ADD COLUMN sign_up_type TEXT;
