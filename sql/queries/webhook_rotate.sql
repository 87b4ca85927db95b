-- $3 the new secret, sealed; the one before signs too for a day
update webhooks set old_secret = secret, old_secret_until = now() + interval '24 hours', secret = $3
where user_id = $1 and id = $2
returning id, old_secret_until
