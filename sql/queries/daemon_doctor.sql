-- what daemon.doctor judges by; over all users. $1 seconds from when on something waits too long
with open as (
  select o.state, o.sending_at, o.created_at, n.lease_until is null or n.lease_until < now() as orphaned
  from outbox o
  left join devices d on d.user_id = o.user_id and d.id = o.device_id
  left join nodes n on n.name = d.node
  where o.state in (1, 2)
)
select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms,
  current_setting('server_version') as server,
  (select max(number) from schema_migrations)::bigint as schema,
  (select count(*) from pg_timezone_names where name in ('UTC', 'Asia/Jakarta')) as zones,
  coalesce((select string_agg(name, ', ') from (
    select u.name from users u
    where not exists (select from pg_timezone_names z where z.name = u.zone) order by u.id limit 5) lost), '') as lost_zones,
  (select count(*) from open where state = 2 and sending_at < now() - make_interval(secs => $1::bigint)) as sending_long,
  (select count(*) from open where orphaned) as orphaned,
  coalesce((select string_agg(name, ', ') from (
    select coalesce(q.reason, '') as reason, u.name from queue_pauses q join users u on u.id = q.user_id
    order by u.id limit 5) paused), '') as paused_users,
  (select count(*) from queue_hold) as held,
  (select count(*) from webhooks where enabled and failing_since < now() - make_interval(secs => $1::bigint)) as webhooks_failing,
  (select count(*) from webhooks where not enabled and disabled_reason is not null) as webhooks_off
