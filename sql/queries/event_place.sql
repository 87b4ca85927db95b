-- Where event $1 stands in commit order; 0: before all; -1: after all that could be shown now. An event that is no
-- longer kept: behind the nearest one before it that is; `kept_from` is the oldest then, when that is not the next.
with asked as (
  select xid, id from events where $1 > 0 and id <= $1 order by id desc limit 1
), last as (
  select xid, id from events where $1 < 0 and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid desc, id desc limit 1
), oldest as (
  select min(id) as id from events
)
select coalesce((select xid::text::bigint from asked), (select xid::text::bigint from last), 0) as xid,
  coalesce((select id from asked), (select id from last), 0) as id,
  (select id from oldest where $1 > 0 and id > $1 + 1 and not exists (select from asked)) as kept_from
