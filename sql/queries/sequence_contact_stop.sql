-- one contact ($3 phone) is paused or removed ($4); what waits for it goes with it (sequence_contact_changed)
update sequence_contacts
set state = $4::text, next_at = null, ended_at = case when $4::text = 'removed' then now() end
where user_id = $1 and sequence_id = $2 and phone = $3 and state <> 'removed' and ($4::text = 'removed' or state = 'active')
returning id
