-- A revoke is an incident until somebody closes it: so long its paths are read again.

ALTER TABLE operation ADD COLUMN part INTEGER NOT NULL DEFAULT 0; -- 1: gives back a part of what it answers only

CREATE TABLE incident (
    operation       TEXT PRIMARY KEY REFERENCES operation (id),
    opened_at       TEXT NOT NULL,
    closed_at       TEXT,            -- NULL: it is open
    closed_by       TEXT,            -- object id of who closed it, or the operation that gave everything back
    changed_at      TEXT,            -- when a reading last found something else than the one before
    next_at         TEXT             -- when the paths are to be read again; NULL: nobody has read them yet
) STRICT, WITHOUT ROWID;

CREATE TABLE proof (                 -- readings that found the same one after another share a row
    id              INTEGER PRIMARY KEY,
    operation       TEXT NOT NULL REFERENCES operation (id),
    first_at        TEXT NOT NULL,
    last_at         TEXT NOT NULL,
    readings        INTEGER NOT NULL DEFAULT 1,
    paths           TEXT NOT NULL    -- JSON: each path with its state, why, since when, and what it was known to be last
) STRICT;

CREATE INDEX proof_operation ON proof (operation, id);

CREATE TABLE alarm (
    id              INTEGER PRIMARY KEY,
    operation       TEXT NOT NULL REFERENCES operation (id),
    at              TEXT NOT NULL,
    kind            TEXT NOT NULL,   -- operations.interface.Alarm
    text            TEXT NOT NULL
) STRICT;

CREATE INDEX alarm_operation ON alarm (operation, id);
