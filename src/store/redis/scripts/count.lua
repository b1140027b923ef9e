-- Sets how many connections an epoch has on a channel that it holds.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  connections
-- ARGV[9]  1: subscribers and webhooks receive the count; 0: they do not; empty: the node does not know the app

local epoch = ARGV[6]
local refusal = refuse(epoch, ARGV[7])
if refusal then
  return { refusal }
end
sendsCounts = ARGV[9]
if redis.call('HEXISTS', CHANNEL, 'n:' .. epoch) == 1 then
  count(epoch, tonumber(ARGV[8]), '')
  finish()
end
return { 'ok' }
