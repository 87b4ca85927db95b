-- deliveries that are not made, over all users, from the partial index alone
select count(*) from webhook_deliveries where state in (0, 1)
