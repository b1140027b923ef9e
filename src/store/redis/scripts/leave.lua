-- An epoch has lost its last connection of a member, or its last subscriber of a channel, or both.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  milliseconds that the channel may linger; empty: it still has subscribers here
-- ARGV[9]  user id; empty: nobody
-- ARGV[10] milliseconds that the member may linger
-- ARGV[11] the connection that goes; empty: not known

local epoch = ARGV[6]
local refusal = refuse(epoch, ARGV[7])
if refusal then
  return { refusal }
end
source = ARGV[11]
if ARGV[9] ~= '' then
  leaveMember(epoch, ARGV[9], AT + tonumber(ARGV[10]))
end
if ARGV[8] ~= '' then
  leaveChannel(epoch, AT + tonumber(ARGV[8]))
end
finish()
return { 'ok' }
