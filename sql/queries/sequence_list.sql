-- $2 state or null, $3 after id
select * from sequence_rows
where user_id = $1 and ($2::text is null or state = $2::text) and id > $3
order by id
limit $4
