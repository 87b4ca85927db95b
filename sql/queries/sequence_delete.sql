-- with its contacts; what waits for them is cancelled by their table's own rule (sequence_contact_changed)
with gone as (
  delete from sequences where user_id = $1 and id = $2 returning user_id, id, name
), contacts as (
  delete from sequence_contacts c using gone where c.user_id = $1 and c.sequence_id = gone.id
), steps as (
  delete from sequence_steps t using gone where t.user_id = $1 and t.sequence_id = gone.id
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'sequence.state', jsonb_build_object('sequence', id::text, 'name', name, 'state', 'deleted') from gone
)
select id from gone
