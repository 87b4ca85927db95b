-- $2 sequence, $3 state or null, $4 phone or null, $5 after id. Of an empty one a row without an id comes back
select c.id, c.phone, l.name, c.state, c.day, c.device_id, c.enrolled_at, c.day_at, c.ended_at, o.id as message_id,
  o.state as message_state, case when c.open then null else coalesce(c.due_at, c.next_at) end as next_at
from sequences s
left join sequence_contacts c on c.user_id = s.user_id and c.sequence_id = s.id and ($3::text is null or c.state = $3::text)
  and ($4::bigint is null or c.phone = $4::bigint) and c.id > $5
left join leads l on l.user_id = c.user_id and l.phone = c.phone
left join outbox o on o.user_id = c.user_id and o.id = c.outbox_id
where s.user_id = $1 and s.id = $2
order by c.id
limit $6
