-- in commit order: a row is shown once every older transaction has ended, so none is passed over.
-- $1 xid and $2 id of the last one shown
select id, user_id, at, topic, data::text as data, xid::text::bigint as xid
from events
where (xid, id) > ($1::bigint::text::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
order by xid, id
limit 1000
