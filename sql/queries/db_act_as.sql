-- for the rest of this transaction only rows of user $1 are there
select set_config('role', 'wad_tenant', true), set_config('wad.user_id', $1::bigint::text, true)
