-- a private message ($4) from $3 that may be an opt-out word or take one back. $5 its folded text, $6 what
-- it is among the built-in words or null, $7 and $8 the built-in confirmations of stop and start.
-- Only what changes something is confirmed, once; run again it changes nothing and says the same
with word as (
  select kind, coalesce(answer, case kind when 'stop' then $7::text else $8::text end) as answer
  from (
    select w.kind, w.answer, 0 as n from optout_words w where w.user_id = $1 and w.word = $5
    union all
    select $6::text, null, 1 where $6::text is not null
  ) known
  order by n limit 1
), logged as (
  insert into reply_log (user_id, device_id, phone, msg_id, kind, body)
  select $1, $2, $3, $4, kind, answer from word
  where (kind = 'start') = exists (select 1 from optouts where user_id = $1 and phone = $3)
  on conflict (user_id, device_id, phone, msg_id) do nothing
  returning kind, phone, body
), added as (
  insert into optouts (user_id, phone, device_id, word)
  select $1, $3, $2, $5 from logged where kind = 'stop'
  on conflict (user_id, phone) do nothing
), removed as (
  delete from optouts x using logged where logged.kind = 'start' and x.user_id = $1 and x.phone = $3
), stopped as (
  update outbox o
  set state = 6, error_class = 'opted_out', error = 'the recipient opted out'
  from logged, campaigns c
  where logged.kind = 'stop' and c.user_id = $1 and c.state in ('running', 'paused')
    and o.user_id = $1 and o.campaign_id = c.id and o.recipient = $3 and o.state in (0, 1)
  returning o.id, o.campaign_id, o.device_id, o.recipient, o.msg_id
), answered as (
  insert into outbox (user_id, device_id, recipient, body, priority)
  select $1, $2, $3, body, 3 from logged
  returning id
), event as (
  insert into events (user_id, topic, data)
  select $1, case kind when 'stop' then 'lead.opt_out' else 'lead.opt_in' end,
    jsonb_build_object('phone', $3::bigint::text, 'device', $2::bigint::text, 'word', $5::text)
  from logged
  union all
  select $1, 'message.queued', jsonb_build_object('id', id::text, 'device', $2::bigint::text, 'to', $3::bigint::text)
  from answered
  union all
  select $1, 'message.failed', jsonb_build_object('id', id::text, 'device', device_id::text,
    'campaign', campaign_id::text, 'to', recipient::text, 'msg_id', msg_id, 'error', 'the recipient opted out')
  from stopped
)
select kind, phone from logged
union all
select kind, phone from reply_log where user_id = $1 and device_id = $2 and phone = $3 and msg_id = $4 and kind <> 'rule'
