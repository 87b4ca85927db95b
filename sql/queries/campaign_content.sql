select id, body, media_id, delay_min_ms, delay_max_ms from campaigns where user_id = $1 and id = any($2::bigint[])
