-- Ends every connection of a user; remembered for a minute, for nodes that cannot hear it now.
--
-- KEYS[2]  ended: the users by the moment, a sorted set of APP\nUSER
-- ARGV[3]  app
-- ARGV[4]  user id

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', integer(AT - 60000))
redis.call('ZADD', KEYS[2], integer(AT), ARGV[3] .. '\n' .. ARGV[4])
tell({ k = 'end', a = ARGV[3], u = ARGV[4] })
return 1
