-- What Azure said of each write, so that it can be found again in Azure's own logs.

ALTER TABLE step ADD COLUMN azure_date TEXT;      -- the Date header of its answer
ALTER TABLE step ADD COLUMN correlation_id TEXT;
ALTER TABLE step ADD COLUMN activity TEXT;        -- what the Activity Log says of it, in a sentence
