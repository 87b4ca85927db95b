-- null keeps what is; $4 whether topics are given, $5 null: all. Switched off, what waits is given up and may be
-- replayed; switched on, it gets the events from now on
with u as (
  update webhooks
  set url = coalesce($3::text, url), topics = case when $4::boolean then $5::text[] else topics end,
    ordered = coalesce($6::boolean, ordered), enabled = coalesce($7::boolean, enabled),
    since = case when $7::boolean and not enabled then pg_current_xact_id() else since end,
    failing_since = case when $7::boolean and not enabled then null else failing_since end,
    disabled_reason = case when $7::boolean then null when not $7::boolean and enabled then 'switched off' else disabled_reason end
  where user_id = $1 and id = $2
  returning user_id, id, enabled
), dropped as (
  update webhook_deliveries d
  set state = 3, done_at = now(), error = 'the webhook was switched off'
  from u
  where not u.enabled and d.user_id = u.user_id and d.webhook_id = u.id and d.state = 0
)
select id from u
