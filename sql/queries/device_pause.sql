-- the device sends nothing until it is resumed; what it was asked to send waits. $3 reason, $4: by itself, unless
-- another node has it
with u as (
  update devices set paused = true, pause_reason = $3 where user_id = $1 and id = $2 and not paused
    and (not $4::boolean or is_own_node(node))
  returning user_id, id, name, pause_reason
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'device.paused', jsonb_build_object('device', id::text, 'name', name, 'state', 'paused',
    'reason', coalesce(pause_reason, ''), 'by_itself', $4::boolean)
  from u
)
select id from u
