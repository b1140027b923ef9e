-- Renews an epoch's lease, publishes the revision to every node now and then, and finds a dead epoch to release.
--
-- KEYS[2]  nodes
-- KEYS[3]  due
-- ARGV[3]  epoch
-- ARGV[4]  number of the last step that the node knows to be taken
-- ARGV[5]  lease in milliseconds
-- ARGV[6]  the highest revision that the node has received
--
-- Answers {`ok`, `unknown` (the epoch is not registered) or `behind` (writes have been lost),
-- milliseconds until something is due (-1: nothing, or departures are held), an epoch that this node must release (empty: none), the
-- present moment, 1 if Redis is full, 1 if another heartbeat of the epoch is awaited, the identity of the data (empty: none yet),
-- a word that changes with each loss of writes that is found (empty: none yet)}.

local NODES, epoch, lease = KEYS[2], ARGV[3], tonumber(ARGV[5])
-- Every node runs this many times a minute for every partition, so it reads and writes the state at once.
local function readState()
  return unpack(
    redis.call('HMGET', STATE, 'e:' .. epoch, 'w:' .. epoch, 'v', 'said', 'awaited', 'hold', 'b', 'lost')
  )
end
local last, awaitedHere, known, said, awaited, hold, data, lost = readState()
known = known or '0'
if WAS_UNREACHABLE then
  -- The time in which no node could renew a lease does not count.
  local count = 0
  local nodes = redis.call('ZRANGE', NODES, 0, -1, 'WITHSCORES')
  for index = 1, #nodes, 2 do
    local one = nodes[index]
    redis.call('ZADD', NODES, integer(tonumber(nodes[index + 1]) + SILENCE_MS), one)
    if redis.call('HEXISTS', STATE, 'e:' .. one) == 1 then
      -- The first heartbeat may have been sent before the outage, with steps behind it. The second one is sent after the answer to
      -- the first, and so after these steps.
      redis.call('HSET', STATE, 'w:' .. one, 2)
      count = count + 1
    end
  end
  redis.call('HSET', STATE, 'awaited', count, 'hold', integer(AT + lease))
  last, awaitedHere = readState()
end
local isAnnounced = AT - tonumber(said or 0) >= lease / 20
if isAnnounced then
  -- Every node needs the revision once in an interval, and not from each of the others.
  redis.call('SPUBLISH', TOPIC, 'b' .. known)
end

local status = 'ok'
if not last then
  status = 'unknown'
elseif tonumber(last) < tonumber(ARGV[4]) or tonumber(known) < tonumber(ARGV[6]) then
  status = 'behind'
else
  redis.call('ZADD', NODES, 'XX', integer(AT + lease), epoch)
end

local others = redis.call('ZCARD', NODES) - (last and 1 or 0)
noteContact(lease, others, status == 'behind', 'beat', integer(AT), 'said', isAnnounced and integer(AT) or said)

local isAwaited = false
if status == 'ok' and awaitedHere then
  isAwaited = redis.call('HINCRBY', STATE, 'w:' .. epoch, -1) > 0
  if not isAwaited then
    stopAwaiting(epoch)
  end
end

local dead = redis.call('ZRANGEBYSCORE', NODES, '-inf', integer(AT), 'LIMIT', 0, 1)[1] or ''
if dead ~= '' then
  endEpoch(dead)
  -- If the node that must release it dies meanwhile, another one gets it after a lease.
  redis.call('ZADD', NODES, integer(AT + lease), dead)
end

if WAS_UNREACHABLE or awaitedHere or dead ~= '' then
  awaited, hold = unpack(redis.call('HMGET', STATE, 'awaited', 'hold'))
end
local due = -1
if tonumber(awaited or 0) == 0 or tonumber(hold or 0) <= AT then
  local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2]
  due = first and math.max(0, tonumber(first) - AT) or -1
end
return { status, due, dead, AT, IS_FULL and 1 or 0, isAwaited and 1 or 0, data or '', lost or '' }
