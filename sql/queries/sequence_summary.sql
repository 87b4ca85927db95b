-- all of a user's sequences in numbers, and the newest five
select count(*) as total, count(*) filter (where state = 'active') as active, count(*) filter (where state = 'paused') as paused,
  count(*) filter (where state = 'draft') as draft, coalesce(sum(contacts), 0)::bigint as contacts,
  coalesce(round(avg(contacts)), 0)::bigint as average,
  (select jsonb_agg(jsonb_build_object('id', n.id::text, 'name', n.name, 'state', n.state, 'contacts', n.contacts) order by n.id desc)
    from (select * from sequence_rows r where r.user_id = $1 order by r.id desc limit 5) n)::text as recent
from sequence_rows where user_id = $1
