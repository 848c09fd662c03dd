-- What a person of the hub does by hand.

-- An event that was parked before it could be judged is held when it is released; the hub has no memory of it yet.
alter table hold add column first_look boolean not null default false;
alter table hold alter column first_look drop default;
-- A delivery that is sent once more: when its receiver had it first. Null for every other one.
alter table delivery add column delivered_at timestamptz;
