-- The account has read a chat ($3) up to the newest of the messages $4 (null: up to the last one). What came
-- after that stays unread. Answers what was unread until now, $5 at most, for the receipts; a row without a
-- message when there was none, no row when there is no such chat.
with c as (
  select c.* from unnest(chat_addresses($1::bigint, $3::text)) a (chat) cross join lateral (
    select chat, device_id, read_at, unread, is_group from chats
    where user_id = $1::bigint and chat = a.chat and device_id + 0 = $2::bigint -- never one by one of the device's
    offset 0 for update
  ) c
), mark as (
  select c.chat, c.read_at, c.unread, c.is_group, m.at, m.seq from c left join lateral (
    select at, seq from messages
    where user_id = $1::bigint and device_id = $2::bigint and chat = c.chat and not from_me
      and ($4::text[] is null or msg_id = any($4::text[]))
    order by at desc, seq desc limit 1
  ) m on true
  where $4::text[] is null or m.at is not null
), u as (
  update chats set read_at = greatest(chats.read_at, mark.at), unread = least(mark.unread, (
    select count(*) from (
      select from messages m
      where m.user_id = $1::bigint and m.device_id = $2::bigint and m.chat = mark.chat and not m.from_me and not m.bare
        and (m.at, m.seq) > (mark.at, mark.seq) and is_said(m.kind)
      limit 1000
    ) later))
  from mark
  where chats.user_id = $1::bigint and chats.device_id = $2::bigint and chats.chat = mark.chat
    and (mark.at is null or chats.read_at is null or chats.read_at <= mark.at)
  returning chats.chat
)
select m.msg_id, m.sender, mark.chat, mark.is_group
from mark left join u using (chat) left join lateral (
  select msg_id, sender, at, seq from messages
  where u.chat is not null and user_id = $1::bigint and device_id = $2::bigint and chat = mark.chat and not from_me
    and (at, seq) <= (mark.at, mark.seq) and is_said(kind)
  order by at desc, seq desc
  limit least(mark.unread, $5::integer)
) m on true
order by m.at, m.seq
