-- $2 device or null
select
  count(*) filter (where state = 0) as pending, count(*) filter (where state = 1) as claimed,
  count(*) filter (where state = 2) as sending, count(*) filter (where state = 3) as sent,
  count(*) filter (where state = 4) as delivered, count(*) filter (where state = 5) as read,
  count(*) filter (where state = 6) as failed, count(*) filter (where state = 7) as cancelled,
  count(*) filter (where state = 8) as skipped, count(*) filter (where state = 9) as expired,
  count(*) filter (where paused) as paused,
  count(*) filter (where sent_at > now() - interval '60 seconds') as sent_last_minute,
  count(*) filter (where sent_at > now() - interval '1 hour') as sent_last_hour,
  coalesce(extract(epoch from now() - min(created_at) filter (where state in (0, 1) and not paused))::bigint, 0)
    as oldest_pending_s,
  coalesce((select coalesce(q.reason, '') from queue_pauses q where q.user_id = $1),
    (select coalesce(h.reason, '') from queue_hold h)) as queue_pause_reason
from outbox where user_id = $1 and ($2::bigint is null or device_id = $2)
