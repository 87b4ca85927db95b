-- $2 device or null; with what is final and was trimmed
with kept as (
  select coalesce(sum(rows) filter (where state = 3), 0)::bigint as n3,
    coalesce(sum(rows) filter (where state = 4), 0)::bigint as n4,
    coalesce(sum(rows) filter (where state = 5), 0)::bigint as n5,
    coalesce(sum(rows) filter (where state = 6), 0)::bigint as n6,
    coalesce(sum(rows) filter (where state = 7), 0)::bigint as n7,
    coalesce(sum(rows) filter (where state = 8), 0)::bigint as n8,
    coalesce(sum(rows) filter (where state = 9), 0)::bigint as n9
  from outbox_trimmed where user_id = $1 and ($2::bigint is null or device_id = $2)
)
select
  count(*) filter (where state = 0) as pending, count(*) filter (where state = 1) as claimed,
  count(*) filter (where state = 2) as sending, count(*) filter (where state = 3) + (select n3 from kept) as sent,
  count(*) filter (where state = 4) + (select n4 from kept) as delivered, count(*) filter (where state = 5) + (select n5 from kept) as read,
  count(*) filter (where state = 6) + (select n6 from kept) as failed, count(*) filter (where state = 7) + (select n7 from kept) as cancelled,
  count(*) filter (where state = 8) + (select n8 from kept) as skipped, count(*) filter (where state = 9) + (select n9 from kept) as expired,
  count(*) filter (where paused) as paused,
  count(*) filter (where sent_at > now() - interval '60 seconds') as sent_last_minute,
  count(*) filter (where sent_at > now() - interval '1 hour') as sent_last_hour,
  coalesce(extract(epoch from now() - min(created_at) filter (where state in (0, 1) and not paused))::bigint, 0)
    as oldest_pending_s,
  coalesce((select coalesce(q.reason, '') from queue_pauses q where q.user_id = $1),
    (select coalesce(h.reason, '') from queue_hold h)) as queue_pause_reason
from outbox where user_id = $1 and ($2::bigint is null or device_id = $2)
