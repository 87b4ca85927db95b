-- An attempt ($3) of a delivery is over. $4 state: 0 again in $5 ms, 2 delivered, 3 given up; $6 status, $7 error,
-- $8 answer, $9 ms it took, $10 the receiver says that it is gone. A webhook that is gone, or has seen nothing but
-- failures for five days, is switched off, and what waits for it is given up.
with d as (
  update webhook_deliveries d
  set state = s.state, next_at = now() + $5::bigint * interval '1 millisecond',
    done_at = case when s.state >= 2 then now() end, status = nullif($6::integer, 0), error = $7, answer = $8, took_ms = $9
  from (
    select case when $4 = 0 and not exists (
        select from webhook_deliveries x join webhooks w on w.user_id = x.user_id and w.id = x.webhook_id
        where x.user_id = $1 and x.id = $2 and w.enabled
          and coalesce(w.failing_since >= now() - interval '5 days', true)) then 3 else $4::integer end as state
  ) s
  where d.user_id = $1 and d.id = $2 and d.state = 1 and d.attempt = $3
  returning d.user_id, d.webhook_id, d.id, d.event_id, d.topic, d.state
), w as (
  update webhooks w
  set failing_since = case when d.state <> 2 then coalesce(o.failing_since, now()) end,
    enabled = o.enabled and (d.state = 2 or o.failing_since is null or o.failing_since >= now() - interval '5 days')
      and not (d.state <> 2 and $10::boolean),
    disabled_reason = case when d.state = 2 or not o.enabled then o.disabled_reason
      when $10::boolean then 'the receiver answered 410 Gone'
      when o.failing_since < now() - interval '5 days' then 'nothing but failures for five days' end
  from d join webhooks o on o.user_id = d.user_id and o.id = d.webhook_id
  where w.user_id = o.user_id and w.id = o.id
    and (d.state <> 2 or o.failing_since is not null) -- else there is nothing to note
    and (d.state = 2 or $10::boolean or o.failing_since is null or o.failing_since < now() - interval '5 days')
  returning w.user_id, w.id, w.disabled_reason, o.enabled and not w.enabled as ended
), dropped as (
  update webhook_deliveries x
  set state = 3, done_at = now(), error = w.disabled_reason
  from w
  where w.ended and x.user_id = w.user_id and x.webhook_id = w.id and x.state = 0
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'webhook.disabled', jsonb_build_object('webhook', id::text, 'reason', disabled_reason)
  from w where ended
  union all
  select user_id, 'webhook.failed', jsonb_build_object('webhook', webhook_id::text, 'delivery', id::text,
    'event', event_id::text, 'topic', topic, 'error', $7::text)
  from d where state = 3 and topic <> 'webhook.ping'
)
select d.state, coalesce(w.ended, false) as ended from d left join w on true
