-- Gives partitions of a node to another one. A node that stops gives away all its partitions.
--
-- KEYS[1]  lead; see lead.lua
-- ARGV[1]  the present moment in milliseconds; empty: the server's time
-- ARGV[2]  the giving node
-- ARGV[3]  its token
-- ARGV[4]  the receiving node; empty: the giving node stops, and the live node with the fewest partitions receives all of them
-- ARGV[5]  how many milliseconds the attempts of the giving node may still last
-- ARGV[6]  how many partitions the receiving node may have afterwards
-- ARGV[7]  a partition, and so on
--
-- Answers 1, or 0 if nothing was given: one of the two nodes does not dispatch any more, or the receiving node has enough.

local lead = {}
local fields = redis.call('HGETALL', KEYS[1])
for index = 1, #fields, 2 do
  lead[fields[index]] = fields[index + 1]
end
local at = present(KEYS[1], ARGV[1], tonumber(lead.t or 0), tonumber(lead.o or 0))
local me, recipient, max = ARGV[2], ARGV[4], tonumber(ARGV[6])
local function node(name)
  local leaseEndsAt, token = string.match(lead['node:' .. name] or '', '^(%d+) %d+ (%d+)$')
  return tonumber(leaseEndsAt or 0), token
end
local _, myToken = node(me)
if myToken ~= ARGV[3] then
  return { 0 }
end

local counts, own = {}, {}
for field, value in pairs(lead) do
  local name = string.match(field, '^node:(.+)$')
  if name and name ~= me and node(name) > at then
    counts[name] = counts[name] or 0
  end
  local owner = string.match(field, '^p:') and string.match(value, '^(%S+) ')
  if owner == me then
    own[#own + 1] = string.sub(field, 3)
  elseif owner then
    counts[owner] = (counts[owner] or 0) + 1
  end
end
local given = { unpack(ARGV, 7) }
local isStopping = recipient == ''
if isStopping then
  given, max = own, nil
  recipient = '-'
  for name, count in pairs(counts) do
    if node(name) > at and (recipient == '-' or count < counts[recipient]) then
      recipient = name
    end
  end
elseif node(recipient) <= at or (counts[recipient] or 0) + #given > max then
  return { 0 }
end

local attemptsEndAt = at + tonumber(ARGV[5])
local newToken = math.max(tonumber(lead.token or 0) + 1, at)
for _, index in ipairs(given) do
  local owner, formerEndAt = string.match(lead['p:' .. index] or '', '^(%S+) %d+ (%d+)$')
  if owner == me then
    local value = integer(newToken) .. ' ' .. integer(math.max(tonumber(formerEndAt), attemptsEndAt))
    redis.call('HSET', KEYS[1], 'p:' .. index, recipient .. ' ' .. value)
  end
end
redis.call('HSET', KEYS[1], 'token', integer(newToken))
if isStopping then
  redis.call('HDEL', KEYS[1], 'node:' .. me, 'late:' .. me)
end
if isStopping and recipient == '-' then
  -- A node of an older version may have the right to everything once no attempt is under way.
  redis.call('HSET', KEYS[1], 'until', integer(attemptsEndAt))
end
return { 1 }
