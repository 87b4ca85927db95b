-- rows of a device that fell go to the user's other devices ($3), spread by a hash of their number; what
-- may have left stays, and so does a direct message or a row whose campaign names its devices
update outbox o
set device_id = ($3::bigint[])[1 + (hashint8(o.id) & 2147483647) % cardinality($3::bigint[])],
  state = 0, msg_id = null, not_before = now()
where o.user_id = $1 and o.device_id = $2 and o.state in (0, 1) and cardinality($3::bigint[]) > 0
  and exists (select from campaigns c where c.user_id = $1 and c.id = o.campaign_id and c.device_ids is null)
