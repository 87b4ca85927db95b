-- one contact ($3 phone) goes on from now; $4 seconds of a day or null
with s as (
  select s.id, s.version, s.state, s.expire_s, coalesce(s.zone, who.zone) as zone
  from sequences s join users who on who.id = s.user_id
  where s.user_id = $1 and s.id = $2
), held as (
  select c.id, c.day, day_next(c.day_at, 0, coalesce(t.send_time, '09:00'), s.zone, $4::integer, now()) as at
  from s join sequence_contacts c on c.user_id = $1 and c.sequence_id = s.id and c.phone = $3 and c.state = 'paused' and c.open
  left join sequence_steps t on t.user_id = $1 and t.sequence_id = s.id and t.version = s.version and t.day = c.day
), rows as (
  update outbox o
  set paused = s.state <> 'active', expires_at = held.at + s.expire_s * interval '1 second',
    not_before = case when o.follows_id is null then held.at else o.not_before end
  from held, s
  where o.user_id = $1 and o.contact_id = held.id and o.day = held.day and o.state in (0, 1)
)
update sequence_contacts c
set state = 'active', resumed_at = now(), due_at = null, next_at = case when s.state = 'active' then now() end,
  day_at = coalesce((select held.at from held where held.id = c.id), c.day_at)
from s
where c.user_id = $1 and c.sequence_id = s.id and c.phone = $3 and c.state = 'paused'
returning c.id
