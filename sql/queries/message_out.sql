-- an own message about to leave ($10 null), or one that another own device sent; raw may have been
-- made again by a resend
insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, media, raw)
values ($1, $2, $3, $4, $5, true, $6, $7, $8, $9::jsonb, $10)
on conflict (user_id, device_id, chat, sender, msg_id) do update set raw = excluded.raw
