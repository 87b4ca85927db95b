-- Analytics: counters that follow the events.
create table analytics_cursor (
  one boolean primary key default true check (one),
  xid bigint not null, id bigint not null   -- the last event that was counted, in commit order
);
insert into analytics_cursor (xid, id) values (0, 0);
