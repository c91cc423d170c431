-- For each source the companies that it names stand together, four bytes each, in place of a key for each of them. The
-- program writes them when it starts next.

TRUNCATE named_on;
COMMENT ON TABLE named_on IS 'Source id, 0, part (u64) → the hashes of the companies that entries of it name.';
