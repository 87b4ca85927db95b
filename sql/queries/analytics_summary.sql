-- One row a day: its people, messages, failures; each with the figures of all days together (total_ people, devices).
-- $1 user, $2 days or null, $3 and $4 first and last day or null; $5 scope and $6 its id, which must be the user's
with span as materialized (
  select * from analytics_window($1, $2, $3, $4)
), counted as materialized ( -- read once: of each day how many, of all days who
  select b.day, b.what, sum(bit_count(b.bits)) as n, bit_or(b.bits) as bits
  from span join analytics_bits b on b.user_id = $1 and b.scope = $5 and b.scope_id = $6 and b.what in (1, 2, 3, 4)
    and b.day between span.first and span.last
  group by grouping sets ((b.day, b.what), (b.chunk, b.what))
), people as (
  select day, sum(n) filter (where what = 1) as sent, sum(n) filter (where what = 2) as delivered,
    sum(n) filter (where what = 3) as read, sum(n) filter (where what = 4) as replied
  from counted where day is not null group by day
), total as (
  select sum(bit_count(bits)) filter (where what = 1) as sent, sum(bit_count(bits)) filter (where what = 2) as delivered,
    sum(bit_count(bits)) filter (where what = 3) as read, sum(bit_count(bits)) filter (where what = 4) as replied
  from counted where day is null
), failures as (
  select f.day, sum(f.failed) as failed
  from span join analytics_failures f on f.user_id = $1 and f.scope = $5 and f.scope_id = $6
    and f.day between span.first and span.last
  group by f.day
), active as (
  select count(distinct v.id) as n
  from span join analytics_days d on d.user_id = $1 and d.scope = 1 and d.day between span.first and span.last
  join devices v on v.user_id = $1 and v.id = d.scope_id
  where d.sent + d.direct + d.received > 0
)
select to_char(a.day, 'YYYY-MM-DD') as day, to_char(span.first, 'YYYY-MM-DD') as first_day, to_char(span.last, 'YYYY-MM-DD') as last_day,
  span.zone, coalesce(p.sent, 0)::bigint as sent, coalesce(p.delivered, 0)::bigint as delivered, coalesce(p.read, 0)::bigint as read,
  coalesce(p.replied, 0)::bigint as replied, coalesce(d.sent, 0) as messages, coalesce(f.failed, 0)::bigint as failed,
  coalesce(d.opt_outs, 0) as opt_outs, coalesce(d.received, 0) as received,
  coalesce(t.sent, 0)::bigint as total_sent, coalesce(t.delivered, 0)::bigint as total_delivered,
  coalesce(t.read, 0)::bigint as total_read, coalesce(t.replied, 0)::bigint as total_replied,
  m.sent as all_sent, m.delivered as all_delivered, m.read as all_read, m.replied as all_replied, m.direct as all_direct,
  m.opt_outs as all_opt_outs, m.received as all_received, m.failed as all_failed, m.failures, active.n as active_devices,
  (select count(*) from devices where user_id = $1) as devices
from span cross join active cross join total t
cross join analytics_messages_in($1, $5::integer::smallint, $6, span.first, span.last) m
cross join lateral (select span.first + n as day from generate_series(0, span.last - span.first) n) a
left join people p on p.day = a.day
left join failures f on f.day = a.day
left join analytics_days d on d.user_id = $1 and d.scope = $5 and d.scope_id = $6 and d.day = a.day
where $5 < 2 or exists (select from campaigns where $5 = 2 and user_id = $1 and id = $6)
  or exists (select from sequences where $5 = 3 and user_id = $1 and id = $6)
order by a.day
