-- Notes that an epoch has, or no longer has, a connection that is signed in as a user.
--
-- KEYS[2]  held: what the epoch holds
-- KEYS[3]  user: the epochs that have the user, a set
-- ARGV[3]  app
-- ARGV[4]  user id
-- ARGV[5]  epoch
-- ARGV[6]  number of the step; empty: release a dead epoch
-- ARGV[7]  1: it has; 0: it no longer has
--
-- Answers ok, full (a user who is not online yet must wait for memory), or why the step was refused.

local epoch = ARGV[5]
if ARGV[6] ~= '' then
  local refusal = refuse(epoch, ARGV[6])
  if refusal then
    return { refusal }
  end
elseif redis.call('HEXISTS', STATE, 'e:' .. epoch) == 1 then
  return { 'alive' }
end
local subject = 'u\n' .. ARGV[3] .. '\n' .. ARGV[4]
if ARGV[7] == '1' then
  if IS_FULL and redis.call('EXISTS', KEYS[3]) == 0 then
    return { 'full' }
  end
  redis.call('SADD', KEYS[2], subject)
  if redis.call('SADD', KEYS[3], epoch) == 1 and redis.call('SCARD', KEYS[3]) == 1 then
    publish({ k = 'user', a = ARGV[3], u = ARGV[4], s = 1 })
  end
else
  redis.call('SREM', KEYS[2], subject)
  if redis.call('SREM', KEYS[3], epoch) == 1 and redis.call('SCARD', KEYS[3]) == 0 then
    publish({ k = 'user', a = ARGV[3], u = ARGV[4], s = 0 })
  end
end
return { 'ok' }
