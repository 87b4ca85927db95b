-- stored but not yet confirmed by the server: $1 user, $2 device, $3 how many
select id, secret from prekeys where user_id = $1 and device_id = $2 and not uploaded order by id limit $3
