-- Appends what a client said on a channel.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  the event, JSON
-- ARGV[9]  user id of the member who said it; empty: nobody is a member
-- ARGV[10] milliseconds that the channel and the member may linger if nobody holds them
--
-- Webhooks hear of a channel and a member first, and of what was said there afterwards. They may not have: the client came
-- and went while its node could not reach Redis, or everybody took the node for dead. Then they are told now, and of the
-- departure when it is due, unless a node holds the channel or the member by then.
--
-- Answers ok, full (it is to be sent again, as another step), or why the step was refused.

local refusal = refuse(ARGV[6], ARGV[7])
if refusal then
  return { refusal }
end
if IS_FULL then
  return { 'full' }
end
local user, deadline = ARGV[9], integer(AT + tonumber(ARGV[10]))
if redis.call('HSETNX', CHANNEL, 'announced', 1) == 1 then
  redis.call('HSET', CHANNEL, 'until', deadline)
  fact({ name = 'channel_occupied' })
end
if user ~= '' and redis.call('HEXISTS', HOLDERS, user) == 0 and redis.call('ZADD', GRACE, 'NX', deadline, user) == 1 then
  fact({ name = 'member_added', userId = user })
end
redis.call('XADD', OUTBOX, '*', 'a', APP, 'j', ARGV[8])
if hasFacts then
  finish()
else
  redis.call('SPUBLISH', WAKE, '')
end
return { 'ok' }
