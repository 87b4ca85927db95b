with removed as (
  delete from optouts where user_id = $1 and phone = $2 returning phone
), event as (
  insert into events (user_id, topic, data)
  select $1, 'lead.opt_in', jsonb_build_object('phone', phone::text) from removed
)
select phone from removed
