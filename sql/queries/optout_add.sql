-- by hand: on the list, and what waits for this phone in campaigns fails
with added as (
  insert into optouts (user_id, phone) values ($1, $2)
  on conflict (user_id, phone) do nothing
  returning phone
), stopped as (
  update outbox o
  set state = 6, error_class = 'opted_out', error = 'the recipient opted out'
  from campaigns c
  where c.user_id = $1 and c.state in ('running', 'paused')
    and o.user_id = $1 and o.campaign_id = c.id and o.recipient = $2 and o.state in (0, 1)
  returning o.id, o.campaign_id, o.device_id, o.recipient, o.msg_id
), event as (
  insert into events (user_id, topic, data)
  select $1, 'lead.opt_out', jsonb_build_object('phone', phone::text) from added
  union all
  select $1, 'message.failed', jsonb_build_object('id', id::text, 'device', device_id::text,
    'campaign', campaign_id::text, 'to', recipient::text, 'msg_id', msg_id, 'error', 'the recipient opted out')
  from stopped
)
select (select count(*) from added) as added, (select count(*) from stopped) as stopped
