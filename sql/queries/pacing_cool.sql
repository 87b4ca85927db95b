-- a device that was told to slow down may not send before $3, also after a restart
insert into device_pacing (user_id, device_id, next_at) values ($1, $2, $3)
on conflict (user_id, device_id) do update set next_at = greatest(device_pacing.next_at, excluded.next_at)
