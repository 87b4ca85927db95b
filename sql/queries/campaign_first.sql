-- the first leads a campaign would reach ($2 labels or null, $3 status or null), and what its text ($4) needs of them
select l.id, l.phone as recipient, $4::text as body, l.name as lead_name, array_to_string(l.niches, ',') as lead_niche,
  l.note as lead_note, l.vars::text as lead_vars
from leads l
where l.user_id = $1 and ($2::text is null or l.niches && labels($2)) and ($3::text is null or $3 = 'all' or l.status = $3)
  and not exists (select from optouts x where x.user_id = l.user_id and x.phone = l.phone)
  and not exists (select from number_checks k where k.user_id = l.user_id and k.phone = l.phone and not k.is_on_whatsapp
    and k.checked_at > now() - interval '7 days')
order by l.id
limit 5
