-- A private message ($4) from $2, written at $3, answers the newest broadcast that reached its author within $5 days
-- before: that one alone, and once. Most messages find nothing and write nothing
with newest as (
  select o.id, o.replied_at
  from outbox o
  where o.user_id = $1 and o.recipient = $2 and (o.campaign_id is not null or o.sequence_id is not null)
    and o.sent_at between $3::timestamptz - $5::integer * interval '1 day' and $3::timestamptz + interval '1 second'
  order by o.sent_at desc
  limit 1
), u as (
  update outbox o set replied_at = greatest($3, o.sent_at)
  where o.user_id = $1 and o.id = (select id from newest where replied_at is null) and o.replied_at is null
  returning o.user_id, o.id, o.campaign_id, o.sequence_id, o.device_id, o.recipient, o.msg_id
)
insert into events (user_id, topic, data)
select user_id, 'message.replied', jsonb_build_object('id', id::text, 'device', device_id::text, 'campaign', campaign_id::text,
  'sequence', sequence_id::text, 'to', recipient::text, 'msg_id', msg_id, 'reply', $4::text)
from u
