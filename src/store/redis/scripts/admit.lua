-- Admits events if they fit into the app's limit per second.
--
-- KEYS[2]  admitted: the moments of the events of the last second, a sorted set
-- ARGV[3]  how many events
-- ARGV[4]  the limit per second
--
-- Answers 1 if they are admitted, else 0.

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', integer(AT - 1000))
local events = tonumber(ARGV[3])
if redis.call('ZCARD', KEYS[2]) + events > tonumber(ARGV[4]) then
  return 0
end
local first = redis.call('HINCRBY', STATE, 'm', events) - events
for index = 1, events do
  redis.call('ZADD', KEYS[2], integer(AT), first + index)
end
redis.call('PEXPIRE', KEYS[2], 60000)
return 1
