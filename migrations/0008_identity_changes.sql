-- Changes of identities that live in databases of their own, on their way there: a row goes as soon as
-- its database has taken it. Nothing that is stored so far belongs here.
CREATE TABLE identity_changes (
  id TEXT PRIMARY KEY,
  shard INTEGER NOT NULL,
  statements TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
