-- How many leads a campaign would reach; the same choice as campaign_expand. $2 labels or null, $3 status or null.
-- Those who have opted out and those known not to be on WhatsApp apart. $4 a start as local time in zone $5 (null: the
-- user's), as an instant; null: no such zone
select count(*) filter (where not out and not unreachable) as total, count(*) filter (where out) as opted_out,
  count(*) filter (where unreachable and not out) as invalid,
  (select instant_of($4::text::timestamp, coalesce($5::text, u.zone)) from users u
   where u.id = $1 and ($5::text is null or exists (select from pg_timezone_names where name = $5))) as start_at
from (
  select exists (select from optouts x where x.user_id = l.user_id and x.phone = l.phone) as out,
    exists (select from number_checks k where k.user_id = l.user_id and k.phone = l.phone and not k.is_on_whatsapp
      and k.checked_at > now() - interval '7 days') as unreachable
  from leads l
  where l.user_id = $1 and ($2::text is null or l.niches && labels($2)) and ($3::text is null or $3 = 'all' or l.status = $3)
) found
