select *, array_to_string(device_ids, ' ') as devices from campaign_counts where user_id = $1 and id = $2
