-- Ends every connection of a user that signed in before. Remembers this for a while, for nodes that are cut off now.
--
-- KEYS[2]  ended: users by the moment of their termination, a sorted set of APP\nUSER
-- ARGV[3]  how many milliseconds it is remembered
-- ARGV[4]  how many milliseconds ago it was requested
-- ARGV[5]  app
-- ARGV[6]  user id
-- ARGV[7]  epoch
-- ARGV[8]  number of the step
--
-- Answers ok, or why the step was refused.

local refusal = refuse(ARGV[7], ARGV[8])
if refusal then
  return { refusal }
end
local ago = tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', integer(AT - tonumber(ARGV[3])))
redis.call('ZADD', KEYS[2], 'GT', integer(AT - ago), ARGV[5] .. '\n' .. ARGV[6])
publish({ k = 'end', a = ARGV[5], u = ARGV[6], n = ago })
return { 'ok' }
