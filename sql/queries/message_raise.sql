-- the status of own messages only rises; arrays of user, device, message id, status; $5: of no older ones
update messages m set status = v.status::smallint
from (
  select u.user_id, u.device_id, u.msg_id, max(u.status) as status
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::integer[]) as u (user_id, device_id, msg_id, status)
  group by 1, 2, 3
) v
where m.user_id = v.user_id and m.device_id = v.device_id and m.msg_id = v.msg_id and m.from_me
  and m.status < v.status and m.at > $5::timestamptz
