select word, kind, answer from optout_words where user_id = $1 order by kind, word limit 1000
