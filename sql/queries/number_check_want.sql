-- $2 phones, or null: the leads with any of these labels ($3; null: all leads). What is known is not asked for again,
-- unless that is wished ($4)
with named as (
  select distinct phone from unnest($2::bigint[]) phone
  union all
  select phone from leads where user_id = $1::bigint and $2::bigint[] is null and ($3::text is null or niches && labels($3::text))
), unknown as (
  select phone from named n
  where $4::boolean or (select number_known(k.is_on_whatsapp, k.checked_at) from number_checks k
    where k.user_id = $1::bigint and k.phone = n.phone) is null
), added as (
  insert into number_check_wants (user_id, phone) select $1::bigint, phone from unknown
  on conflict (user_id, phone) do nothing
)
select (select count(*) from named) as numbers, (select count(*) from unknown) as waiting
