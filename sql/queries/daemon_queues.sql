-- what waits, over all users
select (select count(*) from outbox where state = 0 and not paused) as pending,
  (select count(*) from outbox where state = 0 and paused) as paused,
  (select count(*) from outbox where state = 1) as claimed, (select count(*) from outbox where state = 2) as sending,
  coalesce((select extract(epoch from now() - min(created_at))::bigint from outbox where state in (1, 2)), 0) as oldest_open_s,
  (select count(*) from webhook_deliveries where state in (0, 1)) as webhook_deliveries,
  (select count(*) from number_check_wants) as number_checks,
  (select count(*) from history_syncs) as history_syncs
