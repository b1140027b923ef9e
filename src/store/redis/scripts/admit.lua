-- Whether so many more events may be published now, of so many in any second.
--
-- KEYS[2]  admitted: the moments of those before, a sorted set
-- ARGV[3]  how many
-- ARGV[4]  of how many

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', integer(AT - 1000))
local many = tonumber(ARGV[3])
if redis.call('ZCARD', KEYS[2]) + many > tonumber(ARGV[4]) then
  return 0
end
local first = redis.call('HINCRBY', STATE, 'm', many) - many
for index = 1, many do
  redis.call('ZADD', KEYS[2], integer(AT), first + index)
end
redis.call('PEXPIRE', KEYS[2], 60000)
return 1
