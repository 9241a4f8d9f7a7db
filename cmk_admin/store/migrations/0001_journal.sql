-- What is being done and was done: an operation is one run of one plan.
-- Times are ISO 8601 in UTC with microseconds. JSON columns hold what domain.wire or operations made of domain types.

CREATE TABLE operation (
    id              TEXT PRIMARY KEY,
    verb            TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    account         TEXT NOT NULL,   -- object id of who ran it
    plan_hash       TEXT NOT NULL,
    plan            TEXT NOT NULL,   -- JSON: the whole plan, so that a step can be done, looked up and turned round
    watching        INTEGER NOT NULL, -- 1: the consumers are to be followed after the writes
    outcome         TEXT NOT NULL,   -- domain.steps.Outcome
    reason          TEXT,
    ticket          TEXT,
    answers         TEXT,            -- the operation that this one restores or undoes
    first_write_at  TEXT,            -- just before the first request that changes something
    last_write_at   TEXT,            -- the last answer that said "accepted"
    ended_at        TEXT,
    open_paths      TEXT,            -- JSON: what was still open when the paths were read again; NULL: not yet read
    sentence        TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX operation_answers ON operation (answers) WHERE answers IS NOT NULL;

CREATE TABLE step (
    operation       TEXT NOT NULL REFERENCES operation (id),
    n               INTEGER NOT NULL, -- from 1
    state           TEXT NOT NULL,   -- domain.steps.StepState
    changed_at      TEXT NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    error           TEXT,
    request_id      TEXT,
    address         TEXT,            -- of the long-running operation, once it was accepted
    PRIMARY KEY (operation, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE watch (
    operation       TEXT NOT NULL REFERENCES operation (id),
    consumer        TEXT NOT NULL,
    service         TEXT NOT NULL,   -- one resource may use keys by more than one service
    before_word     TEXT,            -- Azure's word before the first write
    before_lost     INTEGER,         -- NULL: not known
    before_at       TEXT,
    seen_otherwise  INTEGER NOT NULL DEFAULT 0, -- 1: the opposite of what is waited for was seen (before or since)
    now_word        TEXT,
    result          TEXT NOT NULL,   -- operations.interface.WatchResult
    seconds         REAL,            -- Azure's seconds from the first write
    wall_seconds    REAL,
    reason          TEXT,
    PRIMARY KEY (operation, consumer, service)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    id              INTEGER PRIMARY KEY,
    operation       TEXT NOT NULL REFERENCES operation (id),
    at              TEXT NOT NULL,
    text            TEXT NOT NULL
) STRICT;

CREATE INDEX note_operation ON note (operation, id);
