-- deliveries that were under way when this wad ended, but not those that are now ($1); and those of another that has
-- ended
update webhook_deliveries set state = 0, next_at = now()
where state = 1 and not id = any($1::bigint[])
  and (node is not distinct from current_setting('wad.node', true) or leased_until is null or leased_until < now())
