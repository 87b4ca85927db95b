with u as (
  update devices set paused = false, pause_reason = null where user_id = $1 and id = $2 and paused
  returning user_id, id, name
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'device.resumed', jsonb_build_object('device', id::text, 'name', name) from u
)
select id from u
