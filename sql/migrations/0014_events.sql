-- Events in the statement of their change: whether a device is online is a fact of its row, and an event with it.
alter table devices add column online boolean not null default false; -- as the last event said
