-- A node gives partitions to another one, or ends and gives all that it has.
--
-- KEYS[1]  lead; see lead.lua
-- ARGV[1]  the present moment in milliseconds; empty: the server's time
-- ARGV[2]  who gives
-- ARGV[3]  its token
-- ARGV[4]  to whom; empty: it ends, and whoever lives and has the fewest gets all that it has
-- ARGV[5]  so long attempts that it began may still last, in milliseconds
-- ARGV[6]  so many partitions the other one may have afterwards
-- ARGV[7]  a partition, and so on
--
-- Answers 1; 0: nothing was given, for one of the two has no part in dispatching any more, or the other one has enough.

local lead = {}
local fields = redis.call('HGETALL', KEYS[1])
for index = 1, #fields, 2 do
  lead[fields[index]] = fields[index + 1]
end
local at = present(KEYS[1], ARGV[1], tonumber(lead.t or 0), tonumber(lead.o or 0))
local me, heir, most = ARGV[2], ARGV[4], tonumber(ARGV[6])
local function node(name)
  local ends, token = string.match(lead['node:' .. name] or '', '^(%d+) %d+ (%d+)$')
  return tonumber(ends or 0), token
end
local _, mine = node(me)
if mine ~= ARGV[3] then
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
local ends = heir == ''
if ends then
  given, most = own, nil
  heir = '-'
  for name, count in pairs(counts) do
    if node(name) > at and (heir == '-' or count < counts[heir]) then
      heir = name
    end
  end
elseif node(heir) <= at or (counts[heir] or 0) + #given > most then
  return { 0 }
end

local restsUntil = at + tonumber(ARGV[5])
local drawn = math.max(tonumber(lead.token or 0) + 1, at)
for _, index in ipairs(given) do
  local owner, calm = string.match(lead['p:' .. index] or '', '^(%S+) %d+ (%d+)$')
  if owner == me then
    local value = integer(drawn) .. ' ' .. integer(math.max(tonumber(calm), restsUntil))
    redis.call('HSET', KEYS[1], 'p:' .. index, heir .. ' ' .. value)
  end
end
redis.call('HSET', KEYS[1], 'token', integer(drawn))
if ends then
  redis.call('HDEL', KEYS[1], 'node:' .. me, 'late:' .. me)
end
if ends and heir == '-' then
  -- A node of a former version may have the right to everything, once no attempt is under way any more.
  redis.call('HSET', KEYS[1], 'until', integer(restsUntil))
end
return { 1 }
