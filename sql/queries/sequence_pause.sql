-- what waits is held back by the table's own rule (sequence_paused)
with u as (
  update sequences set state = 'paused', updated_at = now()
  where user_id = $1 and id = $2 and state = 'active'
  returning user_id, id, name, state
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'sequence.state', jsonb_build_object('sequence', id::text, 'name', name, 'state', state) from u
)
select id from u
