-- as outbox_sending; also the instant before which the device may not send again ($5), and what it sent ($6)
with pace as (
  insert into device_pacing (user_id, device_id, last_sent_at, next_at, counts)
  values ($1, $4, now(), $5, $6)
  on conflict (user_id, device_id) do update
    set last_sent_at = excluded.last_sent_at, next_at = excluded.next_at, counts = excluded.counts
)
update outbox
set state = 2, attempt = $3, sending_at = now()
where user_id = $1 and device_id = $4 and id = $2 and state in (1, 2)
