-- Notes what endpoints have missed of channels of a partition.
--
-- KEYS[1]  fence
-- KEYS[2]  debts: APP\nENDPOINT\nCHANNEL to `owed`; to `asked` if somebody has requested that the endpoint be sent what it has missed; or
--          to nothing if no subject is noted
-- KEYS[3]  debt of a channel: what the endpoint was last sent of each subject, and of the channel as a whole, JSON; and so on
-- ARGV[1]  token
-- Then for each debt: APP\nENDPOINT\nCHANNEL, 1 if everything noted before is replaced, how many fields follow, and these, each with its
-- value (empty: it is removed)
--
-- Answers 1, or 0 if a later token is known.

if tonumber(redis.call('GET', KEYS[1]) or 0) > tonumber(ARGV[1]) then
  return { 0 }
end
local at = 2
for index = 3, #KEYS do
  local debt, name, isReplaced = KEYS[index], ARGV[at], ARGV[at + 1] == '1'
  local first = at + 3
  at = first + 2 * tonumber(ARGV[at + 2])
  if isReplaced then
    redis.call('DEL', debt)
  end
  for field = first, at - 1, 2 do
    if ARGV[field + 1] == '' then
      redis.call('HDEL', debt, ARGV[field])
    else
      redis.call('HSET', debt, ARGV[field], ARGV[field + 1])
    end
  end
  local count = redis.call('HLEN', debt)
  if count == 0 then
    redis.call('HDEL', KEYS[2], name)
  elseif count == 1 then
    redis.call('HSET', KEYS[2], name, '')
  elseif redis.call('HGET', KEYS[2], name) ~= 'asked' then
    redis.call('HSET', KEYS[2], name, 'owed')
  end
end
return { 1 }
