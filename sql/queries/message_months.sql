-- makes the months ahead; drops those that no device keeps any more
select messages_months(now(), now() + interval '2 months') as made,
  (select messages_drop_months(now() - greatest(max(keep_days), 4) * interval '1 day')
    from devices having count(*) > 0 and bool_and(keep_days is not null)) as dropped
