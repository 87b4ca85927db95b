-- the newest, oldest first; $2 device or null, $3 chat or null, $4 phone's LID chat or null
select * from (
  select at, stored_at, device_id, chat, sender, push_name, from_me, kind, body, status, msg_id
  from messages
  where user_id = $1 and ($2::bigint is null or device_id = $2) and ($3::text is null or chat = $3 or chat = $4)
  order by at desc, stored_at desc
  limit $5
) m
-- phones tell whole seconds, so within one the order of arrival decides
order by date_trunc('second', at), stored_at
