-- Releases a channel that a dead epoch held. Its subscribers and members count as disconnected at this moment.
--
-- ARGV[6]  the dead epoch
-- ARGV[7]  grace period in milliseconds
-- ARGV[8]  1: subscribers and webhooks receive the count; 0: they do not; empty: the node does not know the app

local epoch = ARGV[6]
if redis.call('HEXISTS', STATE, 'e:' .. epoch) == 1 then
  return 0
end
local deadline = AT + tonumber(ARGV[7])
source, sendsCounts = epoch, ARGV[8]
local holders = redis.call('HGETALL', HOLDERS)
for index = 1, #holders, 2 do
  leaveMember(epoch, holders[index], deadline)
end
leaveChannel(epoch, deadline)
redis.call('SREM', HELD, 'c\n' .. SUBJECT)
finish()
return 1
