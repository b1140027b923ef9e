-- Appends, for one endpoint only, the events that change what it will believe of a channel into what webhooks have reported.
--
-- KEYS[11] fence
-- ARGV[6]  epoch
-- ARGV[7]  number of the last step that the node knows to be taken
-- ARGV[8]  the highest revision that the node has received
-- ARGV[9]  token of the owner of the partition
-- ARGV[10] id of the last entry of the outbox that the owner has taken
-- ARGV[11] endpoint
-- ARGV[12] the event types that it selects, each between spaces
-- ARGV[13] user id (empty: the channel itself), ARGV[14] what the endpoint will believe (1: present; 0: absent; empty: unknown), and so on
--
-- Answers the number of events, or -1 if it is unknown at this moment what has been reported, or what waits for the endpoint.

-- If more wait, it would take long to look at all of them.
local mostUnread = 100

local function isRead()
  if tonumber(redis.call('GET', KEYS[11]) or 0) > tonumber(ARGV[9]) then
    return false
  end
  local unread = redis.call('XRANGE', OUTBOX, '(' .. ARGV[10], '+', 'COUNT', mostUnread)
  for _, entry in ipairs(unread) do
    local fields = entry[2]
    local isJson, event = pcall(cjson.decode, fields[4])
    if fields[2] == APP and (not isJson or type(event) ~= 'table' or event.channel == NAME) then
      return false
    end
  end
  return #unread < mostUnread
end

if not knowsAll(ARGV[6], ARGV[7], ARGV[8]) or not isRead() then
  return { -1 }
end
local count = 0
local function send(name, user)
  if string.find(ARGV[12], ' ' .. name .. ' ', 1, true) then
    addEvent({ name = name, userId = user, onlyFor = ARGV[11] })
    count = count + 1
  end
end
local isOccupied = redis.call('HEXISTS', CHANNEL, 'announced') == 1
local believesOccupied
for index = 13, #ARGV, 2 do
  if ARGV[index] == '' then
    believesOccupied = ARGV[index + 1]
  end
end
-- A channel is occupied before members are added, and vacated after all members were removed.
if isOccupied and believesOccupied and believesOccupied ~= '1' then
  send('channel_occupied')
end
for index = 13, #ARGV, 2 do
  local user = ARGV[index]
  if user ~= '' then
    local isThere = redis.call('HEXISTS', HOLDERS, user) == 1 or redis.call('ZSCORE', GRACE, user) ~= false
    if ARGV[index + 1] ~= (isThere and '1' or '0') then
      send(isThere and 'member_added' or 'member_removed', user)
    end
  end
end
if not isOccupied and believesOccupied and believesOccupied ~= '0' then
  send('channel_vacated')
end
if count > 0 then
  redis.call('SPUBLISH', WAKE, '')
end
return { count }
