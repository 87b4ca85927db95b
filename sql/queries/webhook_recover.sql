-- deliveries that were under way when wad ended, but not those that are now ($1)
update webhook_deliveries set state = 0, next_at = now()
where state = 1 and not id = any($1::bigint[])
