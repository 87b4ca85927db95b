-- a rule ($2), or the rules after $3
select r.id, r.enabled, r.match, r.pattern, r.body, r.device_id, r.cooldown_s, r.daily_max, r.days, r.created_at,
  to_char(r.from_time, 'HH24:MI') as from_time, to_char(r.to_time, 'HH24:MI') as to_time,
  (select count(*) from reply_log g where g.user_id = r.user_id and g.rule_id = r.id
    and g.at >= date_trunc('day', now() at time zone u.zone) at time zone u.zone) as today
from reply_rules r join users u on u.id = r.user_id
where r.user_id = $1 and ($2::bigint is null or r.id = $2) and r.id > $3
order by r.id
limit $4
