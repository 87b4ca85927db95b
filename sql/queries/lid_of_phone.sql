select lid from lid_map where user_id = $1 and pn = $2
