-- receipts only raise a row; they may come before the ack. $3 message ids, $4 new state (4 or 5), $5 when
with u as (
  update outbox
  set state = $4, sent_at = coalesce(sent_at, $5), delivered_at = coalesce(delivered_at, $5),
    read_at = case when $4 = 5 then coalesce(read_at, $5) else read_at end
  where user_id = $1 and device_id = $2 and msg_id = any($3::text[]) and state in (0, 1, 2, 3, 4) and state < $4
  returning user_id, id, campaign_id, device_id, recipient, msg_id
)
insert into events (user_id, topic, data)
select user_id, case when $4 = 5 then 'message.read' else 'message.delivered' end,
  jsonb_build_object('id', id::text, 'device', device_id::text, 'campaign', campaign_id::text,
  'to', recipient::text, 'msg_id', msg_id)
from u
