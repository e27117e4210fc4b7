-- The Merkle tree over each ledger's entries. Entries that are there get their tiles when the first
-- checkpoint or proof is asked for; everything in these tables follows from `entries`.
CREATE TABLE tree_tiles (
  ledger TEXT NOT NULL,
  level INTEGER NOT NULL,
  position INTEGER NOT NULL,
  root TEXT NOT NULL,
  hashes TEXT NOT NULL,
  PRIMARY KEY (ledger, level, position)
);

CREATE TRIGGER tree_tiles_are_not_edited BEFORE UPDATE ON tree_tiles
BEGIN
  SELECT RAISE(ABORT, 'a tile of the audit tree is never edited');
END;

-- The largest tree of each ledger that a checkpoint was signed for: no other that contradicts it is.
CREATE TABLE checkpoints (
  ledger TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  root TEXT NOT NULL,
  promised_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER checkpoints_only_grow BEFORE UPDATE ON checkpoints WHEN NEW.size <= OLD.size
BEGIN
  SELECT RAISE(ABORT, 'a checkpoint is never taken back');
END;
