-- Keeps a node's part in dispatching: renews its lease, and gives it the partitions that nobody has.
--
-- KEYS[1]  lead, a hash:
--            node:NODE  until when the node has its rights, until when an attempt that it began may last, its token
--            p:INDEX    who has the partition (-: nobody), its token, until when attempts of former owners may last
--            token      the highest that was given
--            seen       the last time a node asked
--            late:NODE  the node was given more time, and has not asked since
--            open       until then a partition that nobody has is for a node that had it before all was forgotten
--            owner, until  what nodes of a former version read, which know one right to everything: `*` is all of us
--            t, o       see time.lua
-- ARGV[1]  the present moment in milliseconds; empty: the server's time
-- ARGV[2]  who asks
-- ARGV[3]  lease in milliseconds
-- ARGV[4]  the longest that an attempt takes, in milliseconds
-- ARGV[5]  how many partitions there are
-- ARGV[6]  1: whoever asks knows that somebody had rights; if that is forgotten here, they are to have them again
-- ARGV[7]  a partition that whoever asks works for, ARGV[8] its token (0: another is wanted), and so on
--
-- Answers the node's token (0: a node of a former version has the right; -1: who has rights is forgotten), the moment, who
-- lives and how many partitions they have, and for each partition of whoever asks one text: `INDEX TOKEN MOMENT`.

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
local works = {}
for index = 7, #ARGV, 2 do
  works[ARGV[index]] = tonumber(ARGV[index + 1])
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
local highest, drawn = tonumber(lead.token or 0), nil
local function draw()
  if not drawn then
    -- By the time of day: above any token that the partitions may remember after this key was lost.
    highest = math.max(highest + 1, at)
    drawn = integer(highest)
    set('token', drawn)
  end
  return drawn
end

-- Nobody could ask, perhaps because Redis was away: whoever comes back now has its rights still.
local wasSilent = at - tonumber(lead.seen or at) > lease / 5
local nodes, counts = {}, {}
for field, value in pairs(lead) do
  local name = string.match(field, '^node:(.+)$')
  if name then
    local ends, calm, token = string.match(value, '^(%d+) (%d+) (%d+)$')
    local node = { ends = tonumber(ends), calm = tonumber(calm), token = token }
    if wasSilent and name ~= me and node.ends < at + lease / 4 and not lead['late:' .. name] then
      node.ends = at + lease / 4
      set(field, integer(node.ends) .. ' ' .. calm .. ' ' .. token)
      set('late:' .. name, '1')
    end
    nodes[name] = node
  end
end
local known = nodes[me]
local opens = tonumber(lead.open or 0)
if isForgotten and #ARGV >= 7 then
  opens = at + lease
  set('open', integer(opens))
end

local mine = {}
for index = 0, tonumber(ARGV[5]) - 1 do
  local field = 'p:' .. index
  local works_for = works[tostring(index)]
  local owner, token, calm = string.match(lead[field] or '', '^(%S+) (%d+) (%d+)$')
  local node = owner and nodes[owner]
  local isMine = node ~= nil and owner == me
  if isMine then
    if works_for == 0 then
      token = draw()
      set(field, me .. ' ' .. token .. ' ' .. calm)
    end
  elseif node and node.ends > at then
    counts[owner] = (counts[owner] or 0) + 1
  elseif not owner and works_for and works_for > 0 then
    isMine, token, calm = true, integer(works_for), '0'
    highest = math.max(highest, works_for)
    set(field, me .. ' ' .. token .. ' ' .. calm)
  elseif at >= opens then
    isMine, token = true, draw()
    calm = integer(math.max(tonumber(calm or 0), node and node.calm or 0))
    set(field, me .. ' ' .. token .. ' ' .. calm)
  end
  if isMine then
    mine[#mine + 1] = index .. ' ' .. token .. ' ' .. calm
  end
end
counts[me] = #mine

local living = {}
for name, node in pairs(nodes) do
  if name ~= me and node.ends > at then
    living[#living + 1] = name .. ' ' .. (counts[name] or 0)
  elseif name ~= me and at >= opens then
    redis.call('HDEL', KEYS[1], 'node:' .. name, 'late:' .. name)
  end
end
living[#living + 1] = me .. ' ' .. #mine
if lead['late:' .. me] then
  redis.call('HDEL', KEYS[1], 'late:' .. me)
end
local token = known and known.token or draw()
local ends = at + lease
set('node:' .. me, integer(ends) .. ' ' .. integer(ends + tonumber(ARGV[4])) .. ' ' .. token)
set('owner', '*')
set('until', integer(math.max(tonumber(lead['until'] or 0), ends)))
set('seen', integer(at))
if not drawn then
  set('token', integer(highest))
end
redis.call('HSET', KEYS[1], unpack(changes))
return { token, at, table.concat(living, ' '), unpack(mine) }
