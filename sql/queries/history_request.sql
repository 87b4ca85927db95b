-- the request for chat $3 of device $2 that was made last, for an answer that does not say which it answers
select msg_id from history_requests
where user_id = $1::bigint and device_id = $2::bigint and chat = any(chat_addresses($1::bigint, $3::text))
order by at desc
limit 1
