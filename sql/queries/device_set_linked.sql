-- pair-success; nothing comes back when another device of the user is linked to that phone, or another
-- node has it: $1 user, $2 device, $3 pn, $4 lid, $5 device number, $6 platform, $7 business name, $8 account
with u as (
  update devices
     set state = 'paired', state_reason = null, state_until = null, pn = $3, lid = $4, device_no = $5,
         platform = $6, business_name = $7, account = $8, linked_at = coalesce(linked_at, now())
   where user_id = $1 and id = $2 and is_own_node(node)
     and not exists (select from devices o where o.user_id = $1 and o.pn = $3 and o.id <> $2)
  returning user_id, id, name, pn, lid
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'device.paired', jsonb_strip_nulls(jsonb_build_object('device', id::text, 'name', name,
    'phone', pn::text, 'lid', lid::text || '@lid'))
  from u
)
select id from u
