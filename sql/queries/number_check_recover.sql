-- at the start nothing is under way
update number_check_wants set not_before = now() where not_before > now()
