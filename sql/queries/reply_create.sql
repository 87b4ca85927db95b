-- $2 device or null, $3 match, $4 pattern or null, $5 text, $6 cool-down, $7 daily cap, $8 and $9 hours or null,
-- $10 days; nothing comes back when the user has 100 rules
insert into reply_rules (user_id, device_id, match, pattern, body, cooldown_s, daily_max, from_time, to_time, days)
select $1, $2, $3, $4, $5, $6, $7, $8::text::time, $9::text::time, $10
where (select count(*) from reply_rules where user_id = $1) < 100
returning id
