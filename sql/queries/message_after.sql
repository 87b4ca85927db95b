-- Messages of chats after a place, oldest first; parameters as of message_before
select m.* from (
  select chat, device_id from chats
  where user_id = $1 and ($2::bigint is null or device_id = $2) and ($3::text is null or chat = any(chat_addresses($1, $3)))
    and last_at >= $4::timestamptz
) c cross join lateral (
  select at, seq, device_id, chat, sender, push_name, from_me, kind, body, media::text as media, status, msg_id,
    target_id, quoted_id
  from messages
  where user_id = $1 and device_id = c.device_id and chat = c.chat and not bare
    and (at, seq) > ($4::timestamptz, $5::bigint)
  order by at, seq
  limit $6
) m
order by m.at, m.seq
limit $6
