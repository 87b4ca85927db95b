-- where event $1 stands in commit order; 0: before all; -1: after all that could be shown now
select case when $1 = 0 then 0 else coalesce((select xid::text::bigint from events where id = $1),
    (select xid::text::bigint from events where xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid desc, id desc limit 1), 0) end as xid,
  case when $1 = 0 then 0 else coalesce((select id from events where id = $1),
    (select id from events where xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid desc, id desc limit 1), 0) end as id
