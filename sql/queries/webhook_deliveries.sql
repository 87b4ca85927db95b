-- the newest first: $2 of one webhook or null, $3 in a state or null, before $4 or null
select id, webhook_id, event_id, topic, state, attempt, status, took_ms, error, answer, created_at, tried_at,
  case when state = 0 then next_at end as next_at, done_at
from webhook_deliveries
where user_id = $1 and ($2::bigint is null or webhook_id = $2) and ($3::integer is null or state = $3)
  and ($4::bigint is null or id < $4)
order by id desc
limit $5
