delete from optout_words where user_id = $1 and word = $2 returning word
