-- Messages of chats, the newest, or those before a place; oldest first. $2 device or null, $3 chat or null for
-- all, $4 $5 time and number of arrival or null, $6 limit
select * from (
  select m.* from (
    select chat, device_id from chats
    where user_id = $1 and ($2::bigint is null or device_id = $2) and ($3::text is null or chat = any(chat_addresses($1, $3)))
      and last_at > '-infinity'
    -- without a place, no message of another chat than these can be among the newest
    order by last_at desc
    limit case when $4::timestamptz is null then $6::bigint end
  ) c cross join lateral (
    select at, seq, device_id, chat, sender, push_name, from_me, kind, body, media::text as media, status, msg_id,
      target_id, quoted_id
    from messages
    where user_id = $1 and device_id = c.device_id and chat = c.chat and not bare
      and ($4::timestamptz is null or (at, seq) < ($4, $5::bigint))
    order by at desc, seq desc
    limit $6
  ) m
  order by m.at desc, m.seq desc
  limit $6
) page
order by at, seq
