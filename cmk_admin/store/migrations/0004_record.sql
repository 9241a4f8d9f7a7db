-- What was done, as a chain of entries for each operation: written in the transaction of the change that an entry tells,
-- never changed and never deleted.
CREATE TABLE record (
    operation TEXT NOT NULL REFERENCES operation (id),
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (operation, seq)
) WITHOUT ROWID;

CREATE TRIGGER record_is_not_changed BEFORE UPDATE ON record
BEGIN
    SELECT RAISE(ABORT, 'a record is never changed');
END;

CREATE TRIGGER record_is_not_deleted BEFORE DELETE ON record
BEGIN
    SELECT RAISE(ABORT, 'a record is never deleted');
END;
