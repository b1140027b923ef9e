-- Remembers the last drop of an endpoint and channel; of so many, those longest ago give way.
--
-- KEYS[1]  drops: endpoint and channel to JSON
-- KEYS[2]  order: the same by the number of the drop, a sorted set
-- KEYS[3]  numbers, a hash: made, forgotten
-- ARGV[1]  how many are remembered
-- ARGV[2]  endpoint and channel, ARGV[3] JSON, and so on

for index = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1])
  redis.call('ZADD', KEYS[2], redis.call('HINCRBY', KEYS[3], 'made', 1), ARGV[index])
end
local surplus = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[1])
if surplus > 0 then
  for _, oldest in ipairs(redis.call('ZRANGE', KEYS[2], 0, surplus - 1)) do
    redis.call('ZREM', KEYS[2], oldest)
    redis.call('HDEL', KEYS[1], oldest)
    redis.call('HINCRBY', KEYS[3], 'forgotten', 1)
  end
end
return { 1 }
