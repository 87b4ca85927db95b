-- the account's own name, as its phone tells it
update devices set push_name = $3::text
where user_id = $1::bigint and id = $2::bigint and is_own_node(node) and push_name is distinct from $3::text
