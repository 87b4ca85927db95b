-- $2 rule or null, $3 after this
-- a text with variables as it was sent, once it was
select g.id, g.at, g.device_id, g.phone, g.kind, g.rule_id, coalesce((
    select m.body from outbox o
    join messages m on m.user_id = o.user_id and m.device_id = o.device_id and m.msg_id = o.msg_id and m.from_me
    where o.user_id = $1 and o.id = g.outbox_id and o.content_id is not null
    limit 1
  ), g.body) as body
from reply_log g
where g.user_id = $1 and ($2::bigint is null or g.rule_id = $2) and g.id > $3
order by g.id
limit $4
