-- Sets how many connections of an app an epoch has, or adds to it.
--
-- KEYS[2]  held: what the epoch holds
-- KEYS[3]  connections: how many each epoch has, a hash
-- ARGV[3]  app
-- ARGV[4]  epoch
-- ARGV[5]  number of the step; empty: release a dead epoch
-- ARGV[6]  `set` or `add`
-- ARGV[7]  the number of connections
-- ARGV[8]  the limit for all nodes; empty: no limit
-- ARGV[9]  a former epoch of the same node, whose count is removed; empty: none
--
-- Answers {ok, ...}, over (the limit would be exceeded, and nothing was changed), or why the step was refused.

local CONNECTIONS, epoch = KEYS[3], ARGV[4]
if ARGV[5] ~= '' then
  local refusal = refuse(epoch, ARGV[5])
  if refusal then
    return { refusal }
  end
elseif redis.call('HEXISTS', STATE, 'e:' .. epoch) == 1 then
  return { 'alive' }
end
local count = tonumber(ARGV[7])
if ARGV[8] ~= '' then
  local total = count
  for _, one in ipairs(redis.call('HVALS', CONNECTIONS)) do
    total = total + tonumber(one)
  end
  if total > tonumber(ARGV[8]) then
    return { 'over' }
  end
end
if ARGV[6] == 'add' then
  count = count + tonumber(redis.call('HGET', CONNECTIONS, epoch) or 0)
end
if ARGV[9] ~= '' then
  redis.call('HDEL', CONNECTIONS, ARGV[9])
end
if count > 0 then
  redis.call('HSET', CONNECTIONS, epoch, count)
  redis.call('SADD', KEYS[2], 'n\n' .. ARGV[3])
else
  redis.call('HDEL', CONNECTIONS, epoch)
  redis.call('SREM', KEYS[2], 'n\n' .. ARGV[3])
end
local all = redis.call('HGETALL', CONNECTIONS)
local byEpoch = {}
for index = 1, #all, 2 do
  byEpoch[all[index]] = tonumber(all[index + 1])
end
publish({ k = 'connections', a = ARGV[3], e = byEpoch })
return { 'ok' }
