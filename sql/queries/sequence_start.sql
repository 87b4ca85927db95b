-- From one of the states $3 to active: what waited is planned anew from now on, each contact at its own day
with u as (
  update sequences s set state = 'active', started_at = now(), look_at = now(), updated_at = now()
  where s.user_id = $1 and s.id = $2 and s.state = any($3::text[])
  returning s.user_id, s.id, s.name, s.state, s.version, s.zone, s.expire_s
), held as (
  select o.id, o.follows_id, o.contact_id,
    day_next(c.day_at, 0, coalesce(t.send_time, '09:00'), coalesce(u.zone, who.zone), $4::integer, now()) as at
  from u join users who on who.id = u.user_id
  join outbox o on o.user_id = $1 and o.sequence_id = u.id and o.paused and o.state in (0, 1)
  join sequence_contacts c on c.user_id = $1 and c.id = o.contact_id and c.state = 'active'
  left join sequence_steps t on t.user_id = $1 and t.sequence_id = u.id and t.version = u.version and t.day = c.day
), rows as (
  update outbox o
  set paused = false, expires_at = held.at + u.expire_s * interval '1 second',
    not_before = case when o.follows_id is null then held.at else o.not_before end
  from held, u
  where o.user_id = $1 and o.id = held.id
), again as (
  update sequence_contacts c
  set next_at = now(), due_at = null,
    day_at = coalesce((select held.at from held where held.contact_id = c.id limit 1), c.day_at)
  from u
  -- what was agreed for those with a message under way is looked at once it is final
  where c.user_id = $1 and c.sequence_id = u.id and c.state = 'active'
    and (not c.open or c.id in (select contact_id from held))
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'sequence.state', jsonb_build_object('sequence', id::text, 'name', name, 'state', state) from u
)
select id from u
