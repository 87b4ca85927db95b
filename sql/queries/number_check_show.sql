-- what is known of these numbers
select phone, is_on_whatsapp, checked_at from number_checks
where user_id = $1 and phone = any($2::bigint[]) and number_known(is_on_whatsapp, checked_at) is not null
order by phone
