-- A page of a campaign's messages, by number and part, behind message $5 (0: from the start); $3 states or null, $4 device or
-- null. One row without an id when there is none.
select c.state as campaign_state, o.id, o.recipient, l.name, o.device_id, o.state, o.part, o.paused, o.attempt, o.error_class, o.error,
  o.sent_at, o.delivered_at, o.read_at, coalesce(o.not_before = 'infinity', false) as follows,
  case when o.not_before > now() and o.not_before < 'infinity' then o.not_before end as not_before
from campaigns c
left join lateral (
  select * from outbox r
  where r.user_id = c.user_id and r.campaign_id = c.id and ($3::integer[] is null or r.state = any($3))
    and ($4::bigint is null or r.device_id = $4)
    and ($5::bigint = 0 or (r.recipient, r.part) > (select p.recipient, p.part from outbox p where p.user_id = c.user_id and p.id = $5))
  order by r.recipient, r.part
  limit $6
) o on true
left join leads l on l.user_id = c.user_id and l.phone = o.recipient
where c.user_id = $1 and c.id = $2
order by o.recipient, o.part
