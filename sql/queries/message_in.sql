-- A message that came in, or an own one sent by another device of the account, and what it changes in its
-- chat; once, however often it comes. $16 phone of the chat's person or null, $17 it is a group.
-- The pair may have been learned by another device of the user meanwhile.
with place as materialized (
  select chat, case when $4::text = $3::text then chat else $4::text end as sender
  from (
    select case when $3::text like '%@s.whatsapp.net'
      then coalesce((select lid || '@lid' from lid_map where user_id = $1::bigint and pn = $16::bigint), $3::text)
      else $3::text end as chat
  ) c
), keeps as materialized (
  select coalesce((select store_chats from devices where user_id = $1::bigint and id = $2::bigint), true) as all
), m as (
  insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, media, target_id,
    quoted_id, push_name, status, bare, raw)
  select $1::bigint, $2::bigint, place.chat, place.sender, $5::text, $6::boolean,
    least($7::timestamptz, now() + interval '1 day'), $8::text, case when keeps.all then $9::text end,
    case when keeps.all then $10::jsonb end, $11::text, $12::text, $13::text, $14::integer::smallint, not keeps.all,
    case when keeps.all then $15::bytea else '' end
  from place, keeps
  where not exists (
    select from messages o
    where o.user_id = $1::bigint and o.device_id = $2::bigint and o.msg_id = $5::text and o.chat || '' = place.chat
      and o.sender = place.sender
      and o.at > $7::timestamptz - interval '31 days' and o.at < $7::timestamptz + interval '31 days')
  on conflict (msg_id, user_id, device_id, chat, sender, at) do nothing
  returning chat, at, body, bare
)
insert into chats as c (user_id, chat, device_id, phone, push_name, is_group, unread, last_at, last_msg_id, last_kind,
  last_text, last_from_me)
select $1::bigint, chat, $2::bigint, $16::bigint, case when not $6::boolean and not $17::boolean then $13::text end,
  $17::boolean, case when $6::boolean then 0 else 1 end, at, $5::text, $8::text, left(body, 200), $6::boolean
from m where not bare and is_said($8::text) and chat not like '%@broadcast'
on conflict (user_id, chat, device_id) do update set
  phone = coalesce(excluded.phone, c.phone), push_name = coalesce(excluded.push_name, c.push_name),
  unread = c.unread + case when excluded.last_at >= coalesce(c.read_at, '-infinity') then excluded.unread else 0 end,
  last_at = greatest(c.last_at, excluded.last_at),
  last_msg_id = case when excluded.last_at >= c.last_at then excluded.last_msg_id else c.last_msg_id end,
  last_kind = case when excluded.last_at >= c.last_at then excluded.last_kind else c.last_kind end,
  last_text = case when excluded.last_at >= c.last_at then excluded.last_text else c.last_text end,
  last_from_me = case when excluded.last_at >= c.last_at then excluded.last_from_me else c.last_from_me end
