-- A request to the phone of device $2 for messages of chat $3 that are older than the oldest here, to be answered
-- within $4 seconds; unless another waits for its answer. No row: no such chat.
with c as (
  select chat, (select store_chats from devices where user_id = $1::bigint and id = $2::bigint) as keeps
  from chats
  where user_id = $1::bigint and device_id = $2::bigint and chat = any(chat_addresses($1::bigint, $3::text))
  limit 1
), oldest as (
  select m.* from c cross join lateral (
    select msg_id, from_me, at from messages
    where user_id = $1::bigint and device_id = $2::bigint and chat = c.chat and not bare and is_said(kind)
    order by at, seq
    limit 1
  ) m
), waits as (
  select r.at from c cross join history_requests r
  where r.user_id = $1::bigint and r.device_id = $2::bigint and r.chat = any(chat_addresses($1::bigint, c.chat))
    and not r.late and r.until > now()
  limit 1
), forgotten as ( -- the server keeps what is for the device no longer than that
  delete from history_requests where user_id = $1::bigint and device_id = $2::bigint and until < now() - interval '31 days'
), asked as (
  insert into history_requests (user_id, device_id, msg_id, chat, until)
  select $1::bigint, $2::bigint, '3EB0' || upper(left(encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 18)), c.chat,
    now() + $4::integer * interval '1 second'
  from c, oldest
  where c.keeps and not exists (select from waits)
  returning msg_id
)
select c.chat, c.keeps, oldest.msg_id, oldest.from_me, oldest.at, (select at from waits) as waits_since,
  (select msg_id from asked) as request
from c left join oldest on true
