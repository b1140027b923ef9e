-- Appends a client event to the outbox. It is called often, so it uses the keys and arguments of channel.lua, but not its functions.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  the event, JSON
-- ARGV[9]  user id of the member who sent it; empty: none
-- ARGV[10] grace period of the channel and the member in milliseconds, if no node holds them
--
-- Webhooks must report a channel and a member before a client event there. They may not have done so: the client joined and left
-- while its node could not reach Redis, or the node counted as dead. In that case this script reports them first, and the departure
-- follows when it is due, unless a node holds the channel or the member by then.
--
-- Answers ok, full (the node must send it again, as another step), or why the step was refused.

local DUE, OUTBOX, CHANNEL, GRACE, HOLDERS = KEYS[2], KEYS[3], KEYS[6], KEYS[8], KEYS[9]
local APP, NAME, user = ARGV[4], ARGV[5], ARGV[9]
local refusal = refuse(ARGV[6], ARGV[7])
if refusal then
  return { refusal }
end
if IS_FULL then
  return { 'full' }
end
local deadline = integer(AT + tonumber(ARGV[10]))
local isChannelNew = redis.call('HSETNX', CHANNEL, 'announced', 1) == 1
local isMemberNew = user ~= '' and redis.call('HEXISTS', HOLDERS, user) == 0
  and redis.call('ZADD', GRACE, 'NX', deadline, user) == 1
if isChannelNew then
  redis.call('HSET', CHANNEL, 'until', deadline)
  redis.call('XADD', OUTBOX, '*', 'a', APP, 'j', cjson.encode({ name = 'channel_occupied', channel = NAME }))
end
if isMemberNew then
  redis.call('XADD', OUTBOX, '*', 'a', APP, 'j', cjson.encode({ name = 'member_added', channel = NAME, userId = user }))
end
if isChannelNew or isMemberNew then
  redis.call('ZADD', DUE, 'LT', deadline, APP .. '\n' .. NAME)
end
redis.call('XADD', OUTBOX, '*', 'a', APP, 'j', ARGV[8])
redis.call('SPUBLISH', ARGV[3], '')
return { 'ok' }
