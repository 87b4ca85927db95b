-- $1 user, $2 days or null, $3 and $4 first and last day or null, $5 after id; also devices that are gone but sent
select v.id, v.name, m.sent as all_sent, m.delivered as all_delivered, m.read as all_read, m.replied as all_replied, m.direct as all_direct,
  m.opt_outs as all_opt_outs, m.received as all_received, m.failed as all_failed, m.failures, t.sent as total_sent
from (
  select d.id, d.name from devices d where d.user_id = $1
  union all
  select distinct a.scope_id, null from analytics_days a
  where a.user_id = $1 and a.scope = 1 and not exists (select from devices d where d.user_id = $1 and d.id = a.scope_id)
) v
cross join analytics_window($1, $2, $3, $4) w
cross join lateral ( -- as analytics_people_in, but what is not asked for is not read
  select coalesce(sum(bit_count(bits)), 0)::bigint as sent
  from (
    select bit_or(b.bits) as bits from analytics_bits b
    where b.user_id = $1 and b.scope = 1 and b.scope_id = v.id and b.what = 1 and b.day between w.first and w.last
    group by b.chunk
  ) c
) t
cross join analytics_messages_in($1, 1::smallint, v.id, w.first, w.last) m
where v.id > $5
order by v.id
limit $6
