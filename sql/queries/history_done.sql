-- Notice $3 of device $2 is stored, all of it. $4 the request that it answers or null, $5 the answer held nothing
with gone as (
  delete from history_syncs where user_id = $1::bigint and device_id = $2::bigint and msg_id = $3::text
), request as (
  delete from history_requests where user_id = $1::bigint and device_id = $2::bigint and msg_id = $4::text
  returning msg_id, messages, chat_now($1::bigint, $2::bigint, chat) as chat
), ends as (
  update chats c set history_end = true from request
  where $5::boolean and c.user_id = $1::bigint and c.device_id = $2::bigint and c.chat = request.chat
)
insert into events (user_id, topic, data)
select $1::bigint, 'chat.synced', jsonb_build_object('device', $2::bigint::text, 'chat', chat, 'request', msg_id,
  'messages', messages, 'end', $5::boolean or coalesce((select history_end from chats c
    where c.user_id = $1::bigint and c.device_id = $2::bigint and c.chat = request.chat), false))
from request
