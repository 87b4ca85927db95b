select label, count(*) as leads from leads, unnest(niches) label where user_id = $1 group by label order by label limit 10000
