-- what could not start in its time and its grace: wad was down, or no device was online
with u as (
  update campaigns set state = 'failed', reason = 'missed', finished_at = now(), updated_at = now()
  where state = 'scheduled' and start_at + grace_s * interval '1 second' < now()
  returning user_id, id, title
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', 'failed', 'reason', 'missed')
  from u
)
select user_id, id from u
