-- what a stored message points to: $2 device, $3 its id, $4 its chat or null
select kind, raw, media::text as media from messages
where user_id = $1 and device_id = $2 and msg_id = $3 and not bare
  and ($4::text is null or chat = any(chat_addresses($1, $4)))
order by at desc
limit 1
