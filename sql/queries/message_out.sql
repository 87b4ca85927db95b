-- An own message about to leave, and its chat. One that may have left before keeps its row; its bytes
-- were made again. $11 phone of the recipient.
with old as (
  select chat, at from messages
  where user_id = $1::bigint and device_id = $2::bigint and msg_id = $5::text and from_me
    and at > $6::timestamptz - interval '31 days' and at <= $6::timestamptz + interval '5 seconds'
  limit 1
), to_chat as materialized (
  select coalesce((select chat from old),
      case when $3::text like '%@s.whatsapp.net' then (select lid || '@lid' from lid_map where user_id = $1::bigint and pn = $11::bigint) end,
      $3::text) as chat
), place as materialized (
  -- the server's clock is known to a second: what we say comes after what was said
  select chat, coalesce((select at from old), greatest(date_trunc('second', $6::timestamptz),
      (select least(last_at, date_trunc('second', $6::timestamptz) + interval '2 seconds') from chats c
        where c.user_id = $1::bigint and c.chat = to_chat.chat and c.device_id + 0 = $2::bigint))) as at,
    coalesce((select store_chats from devices where user_id = $1::bigint and id = $2::bigint), true) as keeps
  from to_chat
), m as (
  insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, media, bare, raw)
  select $1::bigint, $2::bigint, chat, $4::text, $5::text, true, at, $7::text,
    case when keeps then $8::text end, case when keeps then $9::jsonb end, not keeps, $10::bytea
  from place
  on conflict (msg_id, user_id, device_id, chat, sender, at) do update set raw = excluded.raw
  returning chat, at, body, bare
)
insert into chats as c (user_id, chat, device_id, phone, last_at, last_msg_id, last_kind, last_text, last_from_me)
select $1::bigint, chat, $2::bigint, $11::bigint, at, $5::text, $7::text, left(body, 200), true
from m where not bare
on conflict (user_id, chat, device_id) do update set
  phone = coalesce(excluded.phone, c.phone), last_at = excluded.last_at, last_msg_id = excluded.last_msg_id,
  last_kind = excluded.last_kind, last_text = excluded.last_text, last_from_me = true
where excluded.last_at >= c.last_at
