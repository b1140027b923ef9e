-- A node ends: its epoch is dead from now on, and others may release what it has not released itself.
--
-- KEYS[2]  nodes
-- ARGV[3]  epoch

kill(ARGV[3])
return redis.call('ZADD', KEYS[2], 'XX', integer(AT), ARGV[3])
