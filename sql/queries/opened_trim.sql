-- older than the server keeps stanzas
delete from opened where at < now() - interval '15 days'
