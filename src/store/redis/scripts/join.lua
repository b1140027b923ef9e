-- Notes that an epoch has subscribers of a channel, and connections of members. Also used to assert again what an epoch holds.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  connections of the epoch
-- ARGV[9]  1: subscribers and webhooks receive the count; 0: they do not; empty: the node does not know the app
-- ARGV[10] the maximum number of members; -1: the named members were admitted before
-- ARGV[11] `miss`: the subscriber needs the cached event, and its absence is a cache miss; else empty
-- ARGV[12] the connection that joins; empty: unknown
-- ARGV[13] when the node has registered again: its former epoch, which is not released yet; else empty
-- ARGV[14] user id, ARGV[15] user_info, and so on
--
-- When Redis is full, a new channel or member waits until there is memory again. Those that webhooks have reported can still join.
--
-- Answers {ok, or full if something must wait; 1 if the departure of the channel was cancelled; how many departures of members were
-- cancelled; 1 if the cache miss was already reported; the answer of describe()...}, {limit}, or why the step was refused.

local epoch = ARGV[6]
local refusal = refuse(epoch, ARGV[7])
if refusal then
  return { refusal }
end
source, sendsCounts = ARGV[12], ARGV[9]
local maxMembers = tonumber(ARGV[10])
if maxMembers >= 0 and ARGV[14] and redis.call('HEXISTS', HOLDERS, ARGV[14]) == 0
  and redis.call('HLEN', MEMBERS) >= maxMembers then
  return { 'limit' }
end

local function answer(status, isVacateCancelled, removalsCancelled, wasMissKnown)
  if status == 'full' then
    markUnsure(LEASE)
  end
  local reply = { status, isVacateCancelled and 1 or 0, removalsCancelled, wasMissKnown }
  for _, part in ipairs(describe()) do
    table.insert(reply, part)
  end
  return reply
end

if IS_FULL and redis.call('HEXISTS', CHANNEL, 'announced') == 0 then
  return answer('full', false, 0, 0)
end
local status = 'ok'
local isVacateCancelled = enterChannel(epoch)
local removalsCancelled = 0
for index = 14, #ARGV, 2 do
  local user = ARGV[index]
  if IS_FULL and redis.call('HEXISTS', HOLDERS, user) == 0 and not redis.call('ZSCORE', GRACE, user) then
    status = 'full'
  elseif enterMember(epoch, user, ARGV[index + 1]) then
    removalsCancelled = removalsCancelled + 1
  end
end
count(epoch, tonumber(ARGV[8]), ARGV[13])
local wasMissKnown = 0
if ARGV[11] == 'miss' and cached()[3] == 0 then
  if missRemainsMs() > 0 then
    wasMissKnown = 1
  else
    local episode = integer(AT) .. '-' .. redis.call('HINCRBY', STATE, 'm', 1)
    redis.call('HSET', CHANNEL, 'miss', episode .. ' ' .. integer(AT + missLastsMs))
    addEvent({ name = 'cache_miss', episode = episode })
  end
end
finish()
return answer(status, isVacateCancelled, removalsCancelled, wasMissKnown)
