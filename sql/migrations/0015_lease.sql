-- Whether a device's row is to be written by who asks: its node is the connection's own (set when it is made). A node that
-- was held up for longer than its lease finds the row with another, and leaves it as it is.
create function is_own_node(node text) returns boolean language sql stable as $$
  select node is not distinct from nullif(current_setting('wad.node', true), '')
$$;
-- Ends what is under way when another node has the device: its ratchets and what they encrypted for are no longer this
-- node's to write, and a message must not leave whose ratchet was not stored.
create function own_device(owner bigint, device bigint) returns boolean language plpgsql stable as $$ begin
  if not exists (select from devices d where d.user_id = owner and d.id = device and is_own_node(d.node)) then
    raise exception 'device %: another node has it, or it is gone', device using errcode = 'integrity_constraint_violation';
  end if;
  return true;
end
$$;
