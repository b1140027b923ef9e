-- Notes that an epoch has lost its last connection of a member, its last subscriber of a channel, or both.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  grace period of the channel in milliseconds; empty: this node still has subscribers
-- ARGV[9]  user id; empty: none
-- ARGV[10] grace period of the member in milliseconds
-- ARGV[11] the connection that leaves; empty: unknown
-- ARGV[12] 1: subscribers and webhooks receive the count; 0: they do not; empty: the node does not know the app

local epoch = ARGV[6]
local refusal = refuse(epoch, ARGV[7])
if refusal then
  return { refusal }
end
source, sendsCounts = ARGV[11], ARGV[12]
if ARGV[9] ~= '' then
  leaveMember(epoch, ARGV[9], AT + tonumber(ARGV[10]))
end
if ARGV[8] ~= '' then
  leaveChannel(epoch, AT + tonumber(ARGV[8]))
end
finish()
return { 'ok' }
