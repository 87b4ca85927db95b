-- by name; the parameters are those of lead_list. The place to go on from is that of a lead which is still there
select * from lead_rows
where user_id = $1
  and ($7::bigint = 0 or (coalesce(lower(name), ''), id) >
    (select coalesce(lower(l.name), ''), l.id from leads l where l.user_id = $1 and l.id = $7::bigint))
  and ($2::text is null or niches && labels($2::text)) and ($3::text is null or status = $3::text)
  and ($4::text is null or position(lower($4::text) in lower(name)) > 0 or position($4::text in phone::text) > 0
    or position(lower($4::text) in lower(note)) > 0)
  and ($5::bigint is null or device_id = $5::bigint) and ($6::boolean is null or opted_out = $6::boolean)
order by coalesce(lower(name), ''), id
limit $8::bigint
