-- Remembers the last drop of each endpoint and channel, or forgets it. Above the limit, the oldest are forgotten. All are forgotten if
-- no node renews the keys, because the app was removed. The node that made a forgotten drop learns of it, so that it does not write the
-- drop again.
--
-- KEYS[2]  drops: endpoint and channel to JSON
-- KEYS[3]  order: the same by the number of the drop, a sorted set
-- KEYS[4]  numbers, a hash: made, forgotten
-- ARGV[3]  epoch
-- ARGV[4]  number of the step
-- ARGV[5]  the limit
-- ARGV[6]  how long the keys are kept without a renewal, in milliseconds
-- ARGV[7]  app
-- ARGV[8]  endpoint and channel, ARGV[9] JSON (empty: the drop is forgotten), and so on
--
-- Answers ok, or why the step was refused.

local refusal = refuse(ARGV[3], ARGV[4])
if refusal then
  return { refusal }
end
for index = 8, #ARGV, 2 do
  if ARGV[index + 1] == '' then
    local forgotten = redis.call('HGET', KEYS[2], ARGV[index])
    if forgotten then
      redis.call('HDEL', KEYS[2], ARGV[index])
      redis.call('ZREM', KEYS[3], ARGV[index])
      publish({ k = 'resolved', a = ARGV[7], of = ARGV[index], drop = forgotten })
    end
  else
    redis.call('HSET', KEYS[2], ARGV[index], ARGV[index + 1])
    redis.call('ZADD', KEYS[3], redis.call('HINCRBY', KEYS[4], 'made', 1), ARGV[index])
  end
end
local surplus = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[5])
if surplus > 0 then
  for _, oldest in ipairs(redis.call('ZRANGE', KEYS[3], 0, surplus - 1)) do
    redis.call('ZREM', KEYS[3], oldest)
    redis.call('HDEL', KEYS[2], oldest)
    redis.call('HINCRBY', KEYS[4], 'forgotten', 1)
  end
end
for index = 2, 4 do
  redis.call('PEXPIRE', KEYS[index], ARGV[6])
end
return { 'ok' }
