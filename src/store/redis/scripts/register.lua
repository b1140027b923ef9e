-- Registers a new epoch of a node, in place of its former one, whose holdings the node will release itself; if
-- it dies before it has, they are released by others after a lease.
--
-- KEYS[2]  nodes: epochs by the moment at which their lease ends, a sorted set
-- ARGV[3]  the new epoch
-- ARGV[4]  the former one; empty: none
-- ARGV[5]  lease in milliseconds
-- ARGV[6]  a random word
-- ARGV[7]  the last revision of which the node has heard
-- ARGV[8]  which data the former epoch was registered in; empty: none
-- ARGV[9]  number of the last step of the former epoch that is known to be taken
--
-- Answers which data this is, the revision, the number of the last step of the former epoch (-1: unknown), the
-- present moment, and when it was last found that writes were lost (empty: never).

local former = -1
if ARGV[4] ~= '' then
  kill(ARGV[4])
  former = tonumber(redis.call('HGET', STATE, 'x:' .. ARGV[4]) or -1)
  redis.call('ZADD', KEYS[2], 'XX', integer(AT + tonumber(ARGV[5])), ARGV[4])
end
if redis.call('HSETNX', STATE, 'b', ARGV[6]) == 1 then
  -- Whoever is registered in other data learns at once that it is lost.
  redis.call('SPUBLISH', TOPIC, 'd' .. ARGV[6])
end
local data = redis.call('HGET', STATE, 'b')
-- Never one that was seen before, not even after the data, or only the last writes, were lost: nodes pass over what
-- does not go forward.
redis.call('HSETNX', STATE, 'v', integer(AT * 1000))
local isLost = ARGV[8] ~= '' and ARGV[8] ~= data or former >= 0 and former < tonumber(ARGV[9])
  or tonumber(revision()) < tonumber(ARGV[7])
if isLost and ARGV[8] == data then
  -- It is the same data, but not as backends were told of it.
  redis.call('HSET', STATE, 'lost', integer(AT))
end
local others = redis.call('ZCARD', KEYS[2]) - (redis.call('ZSCORE', KEYS[2], ARGV[4]) and 1 or 0)
hear(tonumber(ARGV[5]), others, isLost)
if tonumber(revision()) < tonumber(ARGV[7]) then
  redis.call('HSET', STATE, 'v', ARGV[7])
end
redis.call('HSET', STATE, 'e:' .. ARGV[3], 0)
-- What it has is still to be asserted.
if IS_HELD and not WAS_AWAY and ARGV[4] ~= '' then
  redis.call('HSET', STATE, 'w:' .. ARGV[3], 2)
  redis.call('HINCRBY', STATE, 'awaited', 1)
end
redis.call('ZADD', KEYS[2], integer(AT + tonumber(ARGV[5])), ARGV[3])
return { data, revision(), former, AT, redis.call('HGET', STATE, 'lost') or '' }
