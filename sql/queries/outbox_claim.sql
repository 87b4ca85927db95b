-- the next rows of a device, each given a message id unless an earlier claim gave it one
-- the limit is a literal: a parameter makes the planner expect a tenth of the table; the rows are found
-- again by their place: locked rows do not move, and no plan can walk over the whole queue for it
with ready as materialized (
  select place, campaign_id, row_number() over (order by priority, not_before, id) as n
  from (
    select ctid as place, campaign_id, priority, not_before, id
    from outbox
    where user_id = $1 and device_id = $2 and state = 0 and not paused and not_before <= now()
    order by priority, not_before, id
    limit 250
    for update skip locked
  ) r
)
update outbox o
set state = 1, msg_id = coalesce(o.msg_id, ($3::text[])[ready.n])
from ready left join campaigns c on c.user_id = $1 and c.id = ready.campaign_id
where o.user_id = $1 and o.ctid = ready.place
returning o.id, o.campaign_id, o.recipient, o.msg_id, o.attempt, o.state, coalesce(o.body, c.body) as body,
  coalesce(o.media_id, c.media_id) as media_id, c.delay_min_ms, c.delay_max_ms, o.priority
