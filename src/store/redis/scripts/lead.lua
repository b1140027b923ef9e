-- Renews a node's lease for dispatching, and gives it the partitions that no live node owns.
--
-- KEYS[1]  lead, a hash:
--            node:NODE  when the node's lease ends, until when its attempts may last, its token
--            p:INDEX    the owner of the partition (-: none), its token, until when attempts of former owners may last
--            token      the highest token so far
--            seen       when a node last asked
--            late:NODE  the node was given more time, and has not asked since
--            open       until then, a partition without owner is reserved for the node that had it before the data was lost
--            owner, until  for nodes of an older version, which know only one right to everything: `*` is all nodes of this version
--            t, o       see time.lua
-- ARGV[1]  the present moment in milliseconds; empty: the server's time
-- ARGV[2]  the asking node
-- ARGV[3]  lease in milliseconds
-- ARGV[4]  the longest time that an attempt takes, in milliseconds
-- ARGV[5]  how many partitions there are
-- ARGV[6]  1: the asking node knows that there were owners; if Redis has lost that, they shall get their partitions back
-- ARGV[7]  a partition that the asking node works for, ARGV[8] its token (0: a new one is needed), and so on
--
-- Answers the node's token (0: a node of an older version has the right; -1: Redis has lost who owns what), the moment, the live
-- nodes with their numbers of partitions, and one text for each partition of the asking node: `INDEX TOKEN MOMENT`.

local lead = {}
local fields = redis.call('HGETALL', KEYS[1])
for index = 1, #fields, 2 do
  lead[fields[index]] = fields[index + 1]
end
local at = present(KEYS[1], ARGV[1], tonumber(lead.t or 0), tonumber(lead.o or 0))
local me, lease = ARGV[2], tonumber(ARGV[3])
if lead.owner and lead.owner ~= '*' and tonumber(lead['until']) > at then
  redis.call('HDEL', KEYS[1], 'node:' .. me)
  return { 0, at, '' }
end
local working = {}
for index = 7, #ARGV, 2 do
  working[ARGV[index]] = tonumber(ARGV[index + 1])
end
local isForgotten = not lead.token
if isForgotten and #ARGV < 7 and ARGV[6] == '1' then
  return { -1, at, '' }
end

local changes = {}
local function set(field, value)
  changes[#changes + 1] = field
  changes[#changes + 1] = value
end
local highest, newToken = tonumber(lead.token or 0), nil
local function drawToken()
  if not newToken then
    -- Starts from the time of day: higher than any token that a partition may remember after this key was lost.
    highest = math.max(highest + 1, at)
    newToken = integer(highest)
    set('token', newToken)
  end
  return newToken
end

-- No node could ask, perhaps because Redis was unreachable. Nodes that come back now still have their rights.
local wasSilent = at - tonumber(lead.seen or at) > lease / 5
local nodes, counts = {}, {}
for field, value in pairs(lead) do
  local name = string.match(field, '^node:(.+)$')
  if name then
    local endsAt, attemptsEndAt, token = string.match(value, '^(%d+) (%d+) (%d+)$')
    local node = { endsAt = tonumber(endsAt), attemptsEndAt = tonumber(attemptsEndAt), token = token }
    if wasSilent and name ~= me and node.endsAt < at + lease / 4 and not lead['late:' .. name] then
      node.endsAt = at + lease / 4
      set(field, integer(node.endsAt) .. ' ' .. attemptsEndAt .. ' ' .. token)
      set('late:' .. name, '1')
    end
    nodes[name] = node
  end
end
local own = nodes[me]
local opensAt = tonumber(lead.open or 0)
if isForgotten and #ARGV >= 7 then
  opensAt = at + lease
  set('open', integer(opensAt))
end

local mine = {}
for index = 0, tonumber(ARGV[5]) - 1 do
  local field = 'p:' .. index
  local workToken = working[tostring(index)]
  local owner, token, attemptsEndAt = string.match(lead[field] or '', '^(%S+) (%d+) (%d+)$')
  local node = owner and nodes[owner]
  local isMine = node ~= nil and owner == me
  if isMine then
    if workToken == 0 then
      token = drawToken()
      set(field, me .. ' ' .. token .. ' ' .. attemptsEndAt)
    end
  elseif node and node.endsAt > at then
    counts[owner] = (counts[owner] or 0) + 1
  elseif not owner and workToken and workToken > 0 then
    isMine, token, attemptsEndAt = true, integer(workToken), '0'
    highest = math.max(highest, workToken)
    set(field, me .. ' ' .. token .. ' ' .. attemptsEndAt)
  elseif at >= opensAt then
    isMine, token = true, drawToken()
    attemptsEndAt = integer(math.max(tonumber(attemptsEndAt or 0), node and node.attemptsEndAt or 0))
    set(field, me .. ' ' .. token .. ' ' .. attemptsEndAt)
  end
  if isMine then
    mine[#mine + 1] = index .. ' ' .. token .. ' ' .. attemptsEndAt
  end
end
counts[me] = #mine

local live = {}
for name, node in pairs(nodes) do
  if name ~= me and node.endsAt > at then
    live[#live + 1] = name .. ' ' .. (counts[name] or 0)
  elseif name ~= me and at >= opensAt then
    redis.call('HDEL', KEYS[1], 'node:' .. name, 'late:' .. name)
  end
end
live[#live + 1] = me .. ' ' .. #mine
if lead['late:' .. me] then
  redis.call('HDEL', KEYS[1], 'late:' .. me)
end
local token = own and own.token or drawToken()
local endsAt = at + lease
set('node:' .. me, integer(endsAt) .. ' ' .. integer(endsAt + tonumber(ARGV[4])) .. ' ' .. token)
set('owner', '*')
set('until', integer(math.max(tonumber(lead['until'] or 0), endsAt)))
set('seen', integer(at))
if not newToken then
  set('token', integer(highest))
end
redis.call('HSET', KEYS[1], unpack(changes))
return { token, at, table.concat(live, ' '), unpack(mine) }
