-- An epoch has subscribers of a channel, and connections of members. Also to assert anew what it has.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  connections of the epoch
-- ARGV[9]  1: subscribers and webhooks are told of counts
-- ARGV[10] the most members; -1: whoever is named was admitted before
-- ARGV[11] `miss`: the subscriber needs the cached event, and its absence is a fact; else empty
-- ARGV[12] the connection that comes; empty: not known
-- ARGV[13] user id, ARGV[14] user_info, and so on
--
-- When Redis is full, a new channel or member waits until there is memory again; what webhooks were told of comes in.
--
-- Answers {ok or (something has to wait) full, vacated called off, removals called off, a miss stood for this one, what describe() says...},
-- {limit}, or why the step was refused.

local epoch = ARGV[6]
local refusal = refuse(epoch, ARGV[7])
if refusal then
  return { refusal }
end
source = ARGV[12]
local most = tonumber(ARGV[10])
if most >= 0 and ARGV[13] and redis.call('HEXISTS', HOLDERS, ARGV[13]) == 0
  and redis.call('HLEN', MEMBERS) >= most then
  return { 'limit' }
end

local function answer(status, isBack, back, stood)
  if status == 'full' then
    doubt(LEASE)
  end
  local reply = { status, isBack and 1 or 0, back, stood }
  for _, part in ipairs(describe()) do
    table.insert(reply, part)
  end
  return reply
end

if IS_FULL and redis.call('HEXISTS', CHANNEL, 'announced') == 0 then
  return answer('full', false, 0, 0)
end
local status = 'ok'
local isBack = enterChannel(epoch)
local back = 0
for index = 13, #ARGV, 2 do
  local user = ARGV[index]
  if IS_FULL and redis.call('HEXISTS', HOLDERS, user) == 0 and not redis.call('ZSCORE', GRACE, user) then
    status = 'full'
  elseif enterMember(epoch, user, ARGV[index + 1]) then
    back = back + 1
  end
end
count(epoch, tonumber(ARGV[8]), ARGV[9] == '1')
local stood = 0
if ARGV[11] == 'miss' and cached()[3] == 0 then
  if missStands() > 0 then
    stood = 1
  else
    local episode = integer(AT) .. '-' .. redis.call('HINCRBY', STATE, 'm', 1)
    redis.call('HSET', CHANNEL, 'miss', episode .. ' ' .. integer(AT + missStandsMs))
    fact({ name = 'cache_miss', episode = episode })
  end
end
finish()
return answer(status, isBack, back, stood)
