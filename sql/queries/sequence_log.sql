-- what became of a sequence's messages: final ones only. $2 sequence, $3 phone or null, $4 after id. Of an empty one a
-- row without an id comes back
select o.id, o.recipient, o.day, o.part, o.state, o.device_id, o.msg_id, o.error_class, o.error,
  coalesce(o.sent_at, o.sending_at, o.created_at) as at
from sequences s
left join outbox o on o.user_id = s.user_id and o.sequence_id = s.id and o.state >= 3
  and ($3::bigint is null or o.recipient = $3::bigint) and o.id > $4
where s.user_id = $1 and s.id = $2
order by o.id
limit $5
