-- $2 its id, $3 URL, $4 topics or null, $5 ordered, $6 sealed secret; nothing comes back when the user has 20
insert into webhooks (user_id, id, url, topics, ordered, secret)
select $1, $2, $3, $4, $5, $6
where (select count(*) from webhooks where user_id = $1) < 20
returning id
