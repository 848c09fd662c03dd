-- What a claim reads, in fewer and shorter looks.

-- Freed numbers beside the last one: the lock on the row covers both, and one read brings them.
alter table subscription_sequence add column free text not null default '[]';
update subscription_sequence s set free = (
    select coalesce('[' || string_agg(f.number::text, ',' order by f.number) || ']', '[]')
    from free_number f where f.subscription_id = s.subscription_id
);
alter table subscription_sequence alter column free drop default;
drop table free_number;

-- A claim walks these in order and stops at its limit, however much waits behind.
drop index delivery_due;
create index delivery_due on delivery (due_at, ordinal) where state in ('pending', 'claimed') and not crisis;
create index delivery_due_crisis on delivery (due_at, ordinal) where state in ('pending', 'claimed') and crisis;
