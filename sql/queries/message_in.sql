-- a message that came in, or an own one sent by another device of the account
insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, media, target_id,
  quoted_id, push_name, status, raw)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, $12, $13, $14::integer::smallint, $15)
on conflict (user_id, device_id, chat, sender, msg_id) do nothing
