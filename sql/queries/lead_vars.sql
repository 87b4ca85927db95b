-- the names of variables that leads have
select distinct var from leads, jsonb_object_keys(vars) var where user_id = $1 and vars <> '{}' order by var limit 200
