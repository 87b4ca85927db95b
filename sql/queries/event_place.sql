-- where an event id stands in that order; without a row: the newest place
select coalesce((select xid::text::bigint from events where id = $1),
    (select xid::text::bigint from events order by xid desc, id desc limit 1), 0) as xid,
  coalesce((select id from events where id = $1), (select id from events order by xid desc, id desc limit 1), 0) as id
