-- What people and groups are granted, at an organisation, a project or an environment. Plain members held
-- nothing so far and administrators need no grant: the table begins empty.

-- project_id is null for a grant at the organisation; environment_id is set besides it for one at an
-- environment. organisation_id is always there: whoever leaves loses what they held in it.
CREATE TABLE grants (
  id INTEGER PRIMARY KEY,
  organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
  environment_id INTEGER REFERENCES environments (id) ON DELETE CASCADE,
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  group_id INTEGER REFERENCES groups (id) ON DELETE CASCADE,
  admin INTEGER NOT NULL DEFAULT 0,
  permissions TEXT NOT NULL,
  CHECK ((user_id IS NULL) <> (group_id IS NULL)),
  CHECK (environment_id IS NULL OR project_id IS NOT NULL)
);
-- One grant a holder and place; NULLs would count as different. They also serve "what does X hold?".
CREATE UNIQUE INDEX grants_of_user
  ON grants (user_id, organisation_id, ifnull(project_id, 0), ifnull(environment_id, 0))
  WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX grants_of_group
  ON grants (group_id, organisation_id, ifnull(project_id, 0), ifnull(environment_id, 0))
  WHERE group_id IS NOT NULL;
CREATE INDEX grants_by_organisation ON grants (organisation_id);
CREATE INDEX grants_by_project ON grants (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX grants_by_environment ON grants (environment_id) WHERE environment_id IS NOT NULL;
