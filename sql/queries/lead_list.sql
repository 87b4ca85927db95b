-- as they were added. Null asks for nothing: $2 any of these labels, $3 status, $4 text in name, phone or note,
-- $5 device, $6 opted out or not; $7 after id
select * from lead_rows
where user_id = $1 and id > $7::bigint
  and ($2::text is null or niches && labels($2::text)) and ($3::text is null or status = $3::text)
  and ($4::text is null or position(lower($4::text) in lower(name)) > 0 or position($4::text in phone::text) > 0
    or position(lower($4::text) in lower(note)) > 0)
  and ($5::bigint is null or device_id = $5::bigint) and ($6::boolean is null or opted_out = $6::boolean)
order by id
limit $8::bigint
