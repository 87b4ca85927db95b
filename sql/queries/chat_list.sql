-- Chats of a user, the newest first. $2 device or null, $3 words in names, number or last text, or null,
-- $4 only unread, $5 groups too, $6 $7 $8 after this time, chat, device or null, $9 limit; $10 only this
-- chat or null
select c.chat, c.device_id, c.phone, c.name, c.push_name, c.business_name, l.name as lead_name, c.is_group, c.unread,
  c.last_at, c.last_kind, c.last_text, c.last_from_me, c.history_end, last.status as last_status
from devices d cross join lateral (
  select * from chats c
  where c.user_id = $1 and c.device_id = d.id and c.last_at > '-infinity'
    and ($6::timestamptz is null or ((c.last_at, c.chat) <= ($6, $7::text)
      and (c.last_at, c.chat, c.device_id) < ($6, $7::text, $8::bigint)))
    and ($4::boolean is not true or c.unread > 0) and ($5::boolean or not c.is_group)
    and ($10::text is null or c.chat = any(chat_addresses($1, $10)))
    and ($3::text is null or position(lower($3) in lower(concat_ws(E'\n', c.name, c.push_name, c.business_name,
      c.phone, c.last_text, (select name from leads where user_id = $1 and phone = c.phone)))) > 0)
  order by c.last_at desc, c.chat desc
  limit $9
) c
left join leads l on l.user_id = $1 and l.phone = c.phone
left join lateral (
  select status from messages m
  where c.last_from_me and m.user_id = $1 and m.device_id = c.device_id and m.msg_id = c.last_msg_id and m.chat || '' = c.chat
    and m.at = c.last_at
  limit 1
) last on true
where d.user_id = $1 and ($2::bigint is null or d.id = $2)
order by c.last_at desc, c.chat desc, c.device_id desc
limit $9
