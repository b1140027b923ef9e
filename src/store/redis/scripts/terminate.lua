-- Ends every connection of a user that signed in before; remembered for a while, for nodes that cannot hear it now.
--
-- KEYS[2]  ended: the users by the moment, a sorted set of APP\nUSER
-- ARGV[3]  for so many milliseconds it is remembered
-- ARGV[4]  so many milliseconds ago it was asked for
-- ARGV[5]  app
-- ARGV[6]  user id

local ago = tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', integer(AT - tonumber(ARGV[3])))
redis.call('ZADD', KEYS[2], 'GT', integer(AT - ago), ARGV[5] .. '\n' .. ARGV[6])
tell({ k = 'end', a = ARGV[5], u = ARGV[6], n = ago })
return 1
