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
-- milliseconds until something is due (-1: never), an epoch to be released by whoever asked (empty: none), the
-- present moment, 1 when Redis is full}.

local NODES, epoch, lease = KEYS[2], ARGV[3], tonumber(ARGV[5])
local last = redis.call('HGET', STATE, 'e:' .. epoch)
if WAS_AWAY then
  redis.call('HSET', STATE, 'hold', integer(HOLD))
  for _, one in ipairs(redis.call('ZRANGE', NODES, 0, -1)) do
    redis.call('ZADD', NODES, 'GT', integer(HOLD), one)
  end
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

local dead = ''
if HOLD <= AT then
  local lapsed = redis.call('ZRANGEBYSCORE', NODES, '-inf', integer(AT), 'LIMIT', 0, 1)[1]
  if lapsed then
    dead = lapsed
    kill(lapsed)
    -- If whoever asked dies over it, another is asked.
    redis.call('ZADD', NODES, integer(AT + lease), lapsed)
  end
end
local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2]
local due = -1
if first then
  due = math.max(0, tonumber(first) - AT, HOLD - AT)
end
return { status, due, dead, AT, IS_FULL and 1 or 0 }
