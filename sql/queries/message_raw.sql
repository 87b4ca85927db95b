-- an own message that a recipient asks for again; $4: no older one
select chat, kind, raw from messages
where user_id = $1::bigint and device_id = $2::bigint and msg_id = $3::text and from_me and at > $4::timestamptz
