-- a notice of history, to be worked on
insert into history_syncs (user_id, device_id, msg_id, notice) values ($1, $2, $3, $4)
on conflict (user_id, device_id, msg_id) do nothing
