-- enrolment by hand: $3 phones, each once. No row when there is no such sequence
with s as (
  select id, state from sequences where user_id = $1 and id = $2
), given as (
  select distinct phone from unnest($3::bigint[]) phone
), out as (
  select phone from given g where exists (select from optouts x where x.user_id = $1 and x.phone = g.phone)
), added as (
  insert into sequence_contacts (user_id, sequence_id, phone, enrolled_at, next_at)
  select $1, s.id, g.phone, now(), case when s.state = 'active' then now() end
  from s, given g where not exists (select from out where out.phone = g.phone)
  order by g.phone
  on conflict (user_id, sequence_id, phone) where state <> 'removed' do nothing
  returning id
)
select (select count(*) from added) as added, (select count(*) from out) as opted_out, (select count(*) from given) as given
from s
