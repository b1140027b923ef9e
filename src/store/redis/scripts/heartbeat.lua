-- Keeps an epoch's lease, tells every node the revision, and finds a dead epoch to be released.
--
-- KEYS[2]  nodes
-- KEYS[3]  due
-- ARGV[3]  epoch
-- ARGV[4]  number of the last step that it knows to be taken
-- ARGV[5]  lease in milliseconds
-- ARGV[6]  the last revision of which it has heard
--
-- Answers {`ok`, `unknown` (the epoch is not registered) or `behind` (what was written has been lost),
-- milliseconds until something is due (-1: never, or departures are held), an epoch to be released by whoever asked (empty:
-- none), the present moment, 1 when Redis is full, 1 when another heartbeat of the epoch is awaited, which data this is
-- (empty: none yet), when it was last found that writes were lost (empty: never)}.

local NODES, epoch, lease = KEYS[2], ARGV[3], tonumber(ARGV[5])
local last = redis.call('HGET', STATE, 'e:' .. epoch)
if WAS_AWAY then
  -- The time in which nobody could keep a lease does not count.
  local awaited = 0
  local nodes = redis.call('ZRANGE', NODES, 0, -1, 'WITHSCORES')
  for index = 1, #nodes, 2 do
    local one = nodes[index]
    redis.call('ZADD', NODES, integer(tonumber(nodes[index + 1]) + AWAY_MS), one)
    if redis.call('HEXISTS', STATE, 'e:' .. one) == 1 then
      -- The first heartbeat may have been sent before Redis was lost, and steps after it. The second one is sent when the
      -- first was answered, after them.
      redis.call('HSET', STATE, 'w:' .. one, 2)
      awaited = awaited + 1
    end
  end
  redis.call('HSET', STATE, 'awaited', awaited, 'hold', integer(AT + lease))
end
redis.call('HSET', STATE, 'beat', integer(AT))
redis.call('SPUBLISH', TOPIC, 'b' .. revision())

local status = 'ok'
if not last then
  status = 'unknown'
elseif tonumber(last) < tonumber(ARGV[4]) or tonumber(revision()) < tonumber(ARGV[6]) then
  status = 'behind'
else
  redis.call('ZADD', NODES, 'XX', integer(AT + lease), epoch)
end

hear(lease, redis.call('ZCARD', NODES) - (last and 1 or 0), status == 'behind')

local isAwaited = false
if status == 'ok' and redis.call('HEXISTS', STATE, 'w:' .. epoch) == 1 then
  isAwaited = redis.call('HINCRBY', STATE, 'w:' .. epoch, -1) > 0
  if not isAwaited then
    expectNoMore(epoch)
  end
end

local dead = redis.call('ZRANGEBYSCORE', NODES, '-inf', integer(AT), 'LIMIT', 0, 1)[1] or ''
if dead ~= '' then
  kill(dead)
  -- If whoever asked dies over it, another is asked.
  redis.call('ZADD', NODES, integer(AT + lease), dead)
end

local awaited, hold, data, lost = unpack(redis.call('HMGET', STATE, 'awaited', 'hold', 'b', 'lost'))
local due = -1
if tonumber(awaited or 0) == 0 or tonumber(hold or 0) <= AT then
  local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2]
  due = first and math.max(0, tonumber(first) - AT) or -1
end
return { status, due, dead, AT, IS_FULL and 1 or 0, isAwaited and 1 or 0, data or '', lost or '' }
