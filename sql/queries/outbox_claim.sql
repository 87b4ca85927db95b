-- the next rows of a device, at most one an id of $3, of priority $4 or before, each given a message id unless
-- an earlier claim gave it one; a campaign's or sequence's row whose recipient has opted out since it was queued
-- fails here and is not handed out
-- the limit is a literal: a parameter makes the planner expect a tenth of the table; the rows are found
-- again by their place: locked rows do not move, and no plan can walk over the whole queue for it; nor over
-- the whole list of opt-outs: a value, unlike "exists", is never looked up in a hash of all of them; what a
-- text with variables needs of the lead is looked up for such texts alone, and by the whole key (offset 0)
with ready as materialized (
  select place, campaign_id, content_id, recipient, row_number() over (order by priority, not_before, id) as n,
    (campaign_id is not null or sequence_id is not null)
      and (select true from optouts x where x.user_id = $1 and x.phone = r.recipient) is true as opted_out
  from (
    select ctid as place, campaign_id, sequence_id, content_id, priority, not_before, id, recipient
    from outbox
    where user_id = $1 and device_id = $2 and state = 0 and not paused and not_before <= now()
      and priority <= $4::integer
    order by priority, not_before, id
    limit 250
    for update skip locked
  ) r
), claimed as (
  update outbox o
  set state = case when ready.opted_out then 6 else 1 end, msg_id = coalesce(o.msg_id, ($3::text[])[ready.n]),
    error_class = case when ready.opted_out then 'opted_out' else o.error_class end,
    error = case when ready.opted_out then 'the recipient opted out' else o.error end
  from ready left join contents c on c.user_id = $1 and c.id = ready.content_id
    left join lateral (
      select * from leads where user_id = $1 and phone = case when c.templated then ready.recipient end offset 0
    ) l on true
  where o.user_id = $1 and o.ctid = ready.place and ready.n <= cardinality($3::text[])
  returning o.id, o.campaign_id, o.sequence_id, o.recipient, o.msg_id, o.attempt, o.state, o.content_id, coalesce(o.body, c.body) as body,
    coalesce(o.media_id, c.media_id) as media_id, c.delay_min_ms, c.delay_max_ms, o.priority,
    c.templated, l.name as lead_name, array_to_string(l.niches, ',') as lead_niche, l.note as lead_note,
    l.vars::text as lead_vars, o.followed
), event as (
  insert into events (user_id, topic, data)
  select $1, 'message.failed', jsonb_build_object('id', id::text, 'device', $2::bigint::text,
    'campaign', campaign_id::text, 'to', recipient::text, 'msg_id', msg_id, 'error', 'the recipient opted out')
  from claimed where state = 6
)
select id, campaign_id, sequence_id, recipient, msg_id, attempt, state, content_id, body, media_id, delay_min_ms, delay_max_ms, priority,
  templated, lead_name, lead_niche, lead_note, lead_vars, followed
from claimed where state = 1
