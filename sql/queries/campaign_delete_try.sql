-- what campaign_delete would cancel
select c.id, (select count(*) from outbox o where o.user_id = c.user_id and o.campaign_id = c.id and o.state in (0, 1))
  as cancelled
from campaigns c where c.user_id = $1 and c.id = $2
