delete from queue_hold
