-- what was not sent in its time; over all users, from the partial index alone
with due as (
  select ctid as place from outbox
  where state = 0 and expires_at is not null and expires_at <= now()
  order by expires_at
  limit 5000
  for update skip locked
), u as (
  update outbox o
  set state = 9, error_class = 'expired', error = 'it was not sent in its time'
  from due
  where o.ctid = due.place and o.state = 0
  returning o.user_id, o.id, o.campaign_id, o.sequence_id, o.device_id, o.recipient
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'message.failed', jsonb_build_object('id', id::text, 'device', device_id::text,
    'campaign', campaign_id::text, 'to', recipient::text, 'class', 'expired', 'error', 'it was not sent in its time')
  from u
)
select count(*) as expired from u
