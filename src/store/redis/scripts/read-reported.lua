-- Reads what webhooks have reported of a channel, or will report because it is in the outbox.
--
-- Answers 1 if it is occupied, or 0, and the members.

local reply = { redis.call('HEXISTS', CHANNEL, 'announced') }
for _, user in ipairs(redis.call('HKEYS', HOLDERS)) do
  table.insert(reply, user)
end
for _, user in ipairs(redis.call('ZRANGE', GRACE, 0, -1)) do
  if redis.call('HEXISTS', HOLDERS, user) == 0 then
    table.insert(reply, user)
  end
end
return reply
