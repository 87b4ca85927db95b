-- its time has come, but there is nothing to send with: said once
with u as (
  update campaigns set reason = 'no_device', updated_at = now()
  where user_id = $1 and id = $2 and state = 'scheduled' and reason is distinct from 'no_device'
  returning user_id, id, title, state
)
insert into events (user_id, topic, data)
select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', state, 'reason', 'no_device')
from u
