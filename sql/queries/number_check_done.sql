-- the network has answered device $2: $3 are on WhatsApp, $4 are not
with v as (
  select phone, true as is_on from unnest($3::bigint[]) phone
  union all
  select phone, false from unnest($4::bigint[]) phone
), kept as (
  insert into number_checks (user_id, phone, is_on_whatsapp, checked_at)
  select $1, phone, is_on, now() from v
  on conflict (user_id, phone) do update set is_on_whatsapp = excluded.is_on_whatsapp, checked_at = excluded.checked_at
), gone as (
  delete from number_check_wants w using v where w.user_id = $1 and w.phone = v.phone
  returning w.phone
), event as (
  insert into events (user_id, topic, data)
  select $1, 'lead.checked', jsonb_build_object('device', $2::bigint::text, 'on_whatsapp', cardinality($3::bigint[]),
    'not_on_whatsapp', cardinality($4::bigint[]), 'waiting',
    (select count(*) from number_check_wants where user_id = $1) - (select count(*) from gone))
  where exists (select from v)
)
select (select count(*) from gone) as done
