-- which of these texts name time zones, and how the zone is written
select given, (select name from pg_timezone_names z where lower(z.name) = lower(given) limit 1) as name
from unnest($1::text[]) given
