-- $2 one webhook, or null: all after $3
select w.id, w.url, array_to_string(w.topics, ' ') as topics, w.enabled, w.ordered, w.failing_since, w.disabled_reason,
  case when w.old_secret_until > now() then w.old_secret_until end as old_secret_until, w.created_at,
  (select count(*) from webhook_deliveries d where d.user_id = w.user_id and d.webhook_id = w.id and d.state in (0, 1)) as waiting,
  (select count(*) from webhook_deliveries d where d.user_id = w.user_id and d.webhook_id = w.id and d.state = 3) as failed
from webhooks w
where w.user_id = $1 and ($2::bigint is null or w.id = $2) and w.id > $3
order by w.id
limit $4
