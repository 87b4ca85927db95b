-- Events in the statement of their change: whether a device is online is a fact of its row, and an event with it.
alter table devices add column online boolean not null default false; -- as the last event said

-- A delivery under way is a node's own; when that has ended, it is anybody's after a minute.
alter table webhook_deliveries add column node text, add column leased_until timestamptz;
create index webhook_deliveries_under_way on webhook_deliveries (leased_until) where state = 1;
