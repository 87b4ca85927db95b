-- with its log
with log as (
  delete from webhook_deliveries where user_id = $1 and webhook_id = $2
)
delete from webhooks where user_id = $1 and id = $2 returning id
