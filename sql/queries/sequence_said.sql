-- Somebody ($2) has written ($3 when, in whole seconds): the sequences they are in stop, pause or go on. What waits
-- for them goes with it (sequence_contact_changed). Run again it changes nothing.
update sequence_contacts c
set state = case s.on_reply when 'stop' then 'replied' else 'paused' end, next_at = null,
  ended_at = case s.on_reply when 'stop' then now() end
from sequences s
where c.user_id = $1 and c.phone = $2 and c.state = 'active' and c.day > 0 and c.enrolled_at < $3::timestamptz + interval '1 second'
  and s.user_id = $1 and s.id = c.sequence_id and s.on_reply <> 'continue'
returning c.phone
