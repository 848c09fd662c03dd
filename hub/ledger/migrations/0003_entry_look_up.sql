-- Look-ups by a sender's record number found no index: of two partial ones neither was known to hold every row. One
-- index now keeps the number unique and serves the look-ups; rows without a whole number (null) never collide.
drop index entry_ref;
drop index entry_record;
create unique index entry_record on entry (ref_key, record_prefix, record_key) where ref_key is not null;
