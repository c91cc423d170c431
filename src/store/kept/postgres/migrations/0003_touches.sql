-- What reads that found nothing new changed in the state of their source.

CREATE TABLE touches (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE touches ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE touches IS 'Source id → Touch: what reads since changed in its ReadState.';
