-- Ends the epoch of a node that stops. Other nodes may release what it has not released itself.
--
-- KEYS[2]  nodes
-- ARGV[3]  epoch

endEpoch(ARGV[3])
return redis.call('ZADD', KEYS[2], 'XX', integer(AT), ARGV[3])
