-- Forgets a dead epoch of which nothing is left.
--
-- KEYS[2]  nodes
-- KEYS[3]  held: what the epoch holds
-- ARGV[3]  epoch

if redis.call('HEXISTS', STATE, 'e:' .. ARGV[3]) == 1 or redis.call('SCARD', KEYS[3]) > 0 then
  return 0
end
if redis.call('HDEL', STATE, 'x:' .. ARGV[3]) == 1 then
  noteBuried(ARGV[3])
end
return redis.call('ZREM', KEYS[2], ARGV[3])
