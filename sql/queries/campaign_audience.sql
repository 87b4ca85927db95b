-- how many leads a campaign would reach; the same choice as campaign_expand. $2 labels or null, $3 status or null
select count(*) as total from leads l
where l.user_id = $1 and ($2::text is null or l.niches && labels($2)) and ($3::text is null or l.status = $3)
  and not exists (select 1 from optouts x where x.user_id = l.user_id and x.phone = l.phone)
