-- An epoch has so many connections of an app.
--
-- KEYS[2]  held by the epoch
-- KEYS[3]  connections: epoch to number, a hash
-- ARGV[3]  app
-- ARGV[4]  epoch
-- ARGV[5]  number of the step; empty: a dead epoch is released
-- ARGV[6]  connections

local epoch = ARGV[4]
if ARGV[5] ~= '' then
  local refusal = refuse(epoch, ARGV[5])
  if refusal then
    return { refusal }
  end
elseif redis.call('HEXISTS', STATE, 'e:' .. epoch) == 1 then
  return { 'alive' }
end
if tonumber(ARGV[6]) > 0 then
  redis.call('HSET', KEYS[3], epoch, ARGV[6])
  redis.call('SADD', KEYS[2], 'n\n' .. ARGV[3])
else
  redis.call('HDEL', KEYS[3], epoch)
  redis.call('SREM', KEYS[2], 'n\n' .. ARGV[3])
end
local all = redis.call('HGETALL', KEYS[3])
local byEpoch = {}
for index = 1, #all, 2 do
  byEpoch[all[index]] = tonumber(all[index + 1])
end
tell({ k = 'connections', a = ARGV[3], e = byEpoch })
return { 'ok' }
