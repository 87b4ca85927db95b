-- the answer to a private message ($4) from $3, if a rule gives one now: of those that fit, the device's own
-- before the user's, named words before "any", older before younger. $5 folded text, $6 rules whose
-- expression fits, $7 the sender's own name, $8 chat, $9 when it was written. A text with variables becomes a
-- content, and is rendered when it leaves; where no lead's name is known, the sender's own stands in
with clock as (
  select now() at time zone u.zone as t from users u where u.id = $1
), rule as (
  select r.id, r.body, r.cooldown_s, r.daily_max
  from reply_rules r cross join clock
    -- a window over midnight belongs to the day it began
    cross join lateral (select case when r.from_time > r.to_time and clock.t::time < r.to_time
      then clock.t - interval '1 day' else clock.t end as began) w
  where r.user_id = $1 and r.enabled and (r.device_id is null or r.device_id = $2)
    and (r.match = 'any'
      or (r.match = 'keyword' and position(' ' || r.pattern || ' ' in ' ' || $5::text || ' ') > 0)
      or (r.match = 'regex' and r.id = any($6::bigint[])))
    and (r.days >> (extract(isodow from w.began)::integer - 1)) & 1 = 1
    and (r.from_time is null
      or (r.from_time <= r.to_time and clock.t::time >= r.from_time and clock.t::time < r.to_time)
      or (r.from_time > r.to_time and (clock.t::time >= r.from_time or clock.t::time < r.to_time)))
  order by r.device_id is null, r.match = 'any', r.id
  limit 1
), may as (
  select rule.id, nextval(pg_get_serial_sequence('outbox', 'id')) as row_id,
    case when $7::text = '' then rule.body
      else replace(rule.body, '{name}', '{name:' || translate($7, '\{}|:', '') || '}') end as body
  from rule
  where $9::timestamptz > now() - interval '1 hour' -- what waited longer is not answered by itself
    and not exists (select 1 from optouts x where x.user_id = $1 and x.phone = $3)
    and not exists (select 1 from devices d where d.pn = $3)
    -- the cool-down of the contact
    and not exists (select 1 from reply_log g where g.user_id = $1 and g.phone = $3 and g.rule_id = rule.id
      and g.at > now() - rule.cooldown_s * interval '1 second')
    -- who answers that often is no person
    and (select count(*) from reply_log g
      where g.user_id = $1 and g.phone = $3 and g.at > now() - interval '1 hour') < 5
    and (select count(*) from reply_log g cross join clock
      where g.user_id = $1 and g.rule_id = rule.id
        and g.at >= date_trunc('day', clock.t) at time zone (select zone from users where id = $1)) < rule.daily_max
    -- a person writes with them: an own message that no rule, no campaign and no sequence sent
    and not exists (select 1 from messages m
      where m.user_id = $1 and m.device_id = $2 and m.chat = $8::text and m.from_me
        and m.at > now() - rule.cooldown_s * interval '1 second'
        and not exists (select 1 from outbox o where o.user_id = $1 and o.device_id = $2 and o.msg_id = m.msg_id
          and (o.campaign_id is not null or o.sequence_id is not null or o.priority = 3)))
), logged as (
  insert into reply_log (user_id, device_id, phone, msg_id, kind, rule_id, body, outbox_id)
  select $1, $2, $3, $4, 'rule', id, body, row_id from may
  on conflict (user_id, device_id, phone, msg_id) do nothing
  returning rule_id, body, outbox_id
), content as (
  insert into contents (user_id, body) select $1, body from logged where body ~ '[{}]'
  returning id
), answered as (
  insert into outbox (user_id, id, device_id, recipient, body, content_id, priority)
  overriding system value
  select $1, outbox_id, $2, $3, case when content.id is null then body end, content.id, 3
  from logged left join content on true
  returning id
), event as (
  insert into events (user_id, topic, data)
  select $1, 'reply.sent', jsonb_build_object('rule', rule_id::text, 'device', $2::bigint::text, 'to', $3::bigint::text)
  from logged
  union all
  select $1, 'message.queued', jsonb_build_object('id', id::text, 'device', $2::bigint::text, 'to', $3::bigint::text)
  from answered
)
select rule_id from logged
union all
select rule_id from reply_log where user_id = $1 and device_id = $2 and phone = $3 and msg_id = $4 and kind = 'rule'
