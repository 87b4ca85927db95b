-- a ping for one webhook, also one that is switched off: event and delivery, under way; columns as in webhook_claim
with w as (
  select user_id, id, url, secret, case when old_secret_until > now() then old_secret end as old_secret
  from webhooks where user_id = $1 and id = $2
), e as (
  insert into events (user_id, topic, data)
  select user_id, 'webhook.ping', jsonb_build_object('webhook', id::text) from w
  returning id, topic, at, data
), d as (
  insert into webhook_deliveries (user_id, webhook_id, event_id, topic, state, attempt, tried_at, node, leased_until)
  select w.user_id, w.id, e.id, e.topic, 1, 1, now(), current_setting('wad.node', true), now() + interval '1 minute'
  from w, e
  returning id, event_id, attempt
)
select w.user_id, w.id as webhook_id, null::bigint as wait_ms, d.id, d.event_id, d.attempt, 0::bigint as age_s,
  w.url, w.secret, w.old_secret, e.topic, e.at, e.data::text as data
from w, e, d
