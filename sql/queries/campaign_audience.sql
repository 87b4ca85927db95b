-- how many leads a campaign would reach; the same choice as campaign_expand. $2 niche or null, $3 status or null
select count(*) as total from leads
where user_id = $1 and not opted_out and ($2::text is null or niche = $2) and ($3::text is null or status = $3)
