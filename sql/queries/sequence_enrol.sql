-- Leads of the owner that a sequence ($2) is for and that are not in it yet, some at a time; they are looked for again
-- after a minute, or as much less as a day is shorter ($3)
with s as (
  update sequences set look_at = now() + interval '1 second' * greatest(1, 60 * coalesce($3::integer, 86400) / 86400)
  where user_id = $1 and id = $2 and state = 'active' and niches is not null
  returning id, niches, lead_status
), added as (
  insert into sequence_contacts (user_id, sequence_id, phone, enrolled_at, next_at)
  select $1, s.id, l.phone, now(), now()
  from s join leads l on l.user_id = $1 and l.niches && s.niches and (s.lead_status is null or l.status = s.lead_status)
  where not exists (select from optouts x where x.user_id = l.user_id and x.phone = l.phone)
    and not exists (select from sequence_contacts c where c.user_id = $1 and c.sequence_id = s.id and c.phone = l.phone)
  order by l.id
  limit 5000
  on conflict (user_id, sequence_id, phone) where state <> 'removed' do nothing
  returning id
)
select count(*) as added from added
