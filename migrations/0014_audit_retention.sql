-- How many days an organisation keeps the entries of its audit log; those that are there keep them longest.
ALTER TABLE organisations ADD COLUMN audit_retention_days INTEGER NOT NULL DEFAULT 400;

-- Up to which sequence a ledger's entries are pruned: their rows are gone, their hashes stay in `tree_tiles`.
CREATE TABLE prunings (
  ledger TEXT PRIMARY KEY,
  through INTEGER NOT NULL
) WITHOUT ROWID;

-- Only whole tiles whose hashes are there; also what an upsert turns into an update passes here first.
CREATE TRIGGER prunings_keep_hashes BEFORE INSERT ON prunings
WHEN NEW.through % 256 <> 0 OR NEW.through / 256 <> (
  SELECT count(*) FROM tree_tiles
  WHERE ledger = NEW.ledger AND level = 0 AND position < NEW.through / 256
)
BEGIN
  SELECT RAISE(ABORT, 'an audit entry is pruned only when the tree keeps its hash');
END;

CREATE TRIGGER prunings_only_grow BEFORE UPDATE ON prunings
WHEN NEW.ledger <> OLD.ledger OR NEW.through <= OLD.through
BEGIN
  SELECT RAISE(ABORT, 'what is pruned does not come back');
END;

CREATE TRIGGER prunings_stay BEFORE DELETE ON prunings
BEGIN
  SELECT RAISE(ABORT, 'what is pruned does not come back');
END;

-- An entry goes with the beginning of its log or not at all. Costs a lookup for each row that is deleted.
CREATE TRIGGER entries_go_by_pruning BEFORE DELETE ON entries
WHEN OLD.sequence > coalesce((SELECT through FROM prunings WHERE ledger = OLD.ledger), 0)
BEGIN
  SELECT RAISE(ABORT, 'an audit entry is never deleted but by pruning');
END;

-- Of a pruned log they no longer follow from the entries.
CREATE TRIGGER tree_tiles_stay BEFORE DELETE ON tree_tiles
WHEN EXISTS (SELECT 1 FROM prunings WHERE ledger = OLD.ledger)
BEGIN
  SELECT RAISE(ABORT, 'a tile of a pruned audit tree is never deleted');
END;
