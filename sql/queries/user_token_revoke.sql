update user_tokens set revoked_at = coalesce(revoked_at, $3) where user_id = $1 and id = $2
returning id
