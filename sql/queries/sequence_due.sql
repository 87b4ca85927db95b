-- users with contacts to look at, one probe of an index each (sequence_id 0), and sequences to look for leads for
select u.id as user_id, 0::bigint as sequence_id from users u
where exists (select from sequence_contacts c
  where c.user_id = u.id and c.state = 'active' and not c.open and c.next_at <= now())
union all
(select s.user_id, s.id from sequences s
where s.state = 'active' and s.niches is not null and s.look_at <= now()
order by s.look_at
limit 100)
