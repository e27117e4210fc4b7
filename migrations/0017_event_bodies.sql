-- Endpoints speak three formats: an event has its bytes once for each that some endpoint of its
-- organisation speaks, all of them frozen with the change. And what an event tells of: the entry, by its
-- sequence in the organisation's ledger, and the project, for what stands in no environment.
CREATE TABLE event_bodies (
  event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  format TEXT NOT NULL CHECK (format IN ('flagsmith', 'flipt', 'standard')),
  body TEXT NOT NULL,
  PRIMARY KEY (event_id, format)
) WITHOUT ROWID;

INSERT INTO event_bodies (event_id, format, body) SELECT id, 'flagsmith', body FROM events;

ALTER TABLE events DROP COLUMN body;
ALTER TABLE events ADD COLUMN project_id INTEGER;
ALTER TABLE events ADD COLUMN sequence INTEGER;

-- Events go when they are old.
CREATE INDEX events_by_time ON events (created_at);

UPDATE events SET
  project_id = (SELECT entries.project_id FROM entries
    WHERE entries.change_id = events.change_id ORDER BY entries.sequence LIMIT 1),
  sequence = (SELECT min(entries.sequence) FROM entries WHERE entries.change_id = events.change_id);

-- In which of them a delivery is: an endpoint that changes its format does not change what waits for it.
ALTER TABLE deliveries ADD COLUMN format TEXT NOT NULL DEFAULT 'flagsmith'
  CHECK (format IN ('flagsmith', 'flipt', 'standard'));
