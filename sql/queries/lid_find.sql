-- the pair of a phone number ($2) or a LID ($3); 0: not asked
select pn, lid from lid_map
where user_id = $1::bigint and pn = $2::bigint and $2::bigint <> 0
union all
select pn, lid from lid_map
where user_id = $1::bigint and lid = $3::bigint and $3::bigint <> 0
limit 1
