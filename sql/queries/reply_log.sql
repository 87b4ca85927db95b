-- $2 rule or null, $3 after this
select id, at, device_id, phone, kind, rule_id, body from reply_log
where user_id = $1 and ($2::bigint is null or rule_id = $2) and id > $3
order by id
limit $4
