-- Registers a new epoch of a node in place of its former one. The node itself releases what the former one held. If it dies before that,
-- other nodes release it after a lease.
--
-- KEYS[2]  nodes: each epoch by the end of its lease, a sorted set
-- ARGV[3]  the new epoch
-- ARGV[4]  the former one; empty: none
-- ARGV[5]  lease in milliseconds
-- ARGV[6]  a random word: the identity of the data, if there is none yet
-- ARGV[7]  the highest revision that the node has received
-- ARGV[8]  the identity of the data in which the former epoch was registered; empty: none
-- ARGV[9]  number of the last step of the former epoch that the node knows to be taken
--
-- Answers the identity of the data, the revision, the number of the last step of the former epoch (-1: unknown), the present moment,
-- and a word that changes with each loss of writes that is found (empty: none yet).

local former = -1
if ARGV[4] ~= '' then
  endEpoch(ARGV[4])
  former = tonumber(redis.call('HGET', STATE, 'x:' .. ARGV[4]) or -1)
  redis.call('ZADD', KEYS[2], 'XX', integer(AT + tonumber(ARGV[5])), ARGV[4])
end
if redis.call('HSETNX', STATE, 'b', ARGV[6]) == 1 then
  -- Nodes that are registered in former data learn immediately that it was lost.
  redis.call('SPUBLISH', TOPIC, 'd' .. ARGV[6])
end
local data = redis.call('HGET', STATE, 'b')
-- The revision must not fall, not even after a loss of the data or of the last writes, because nodes ignore notices with a revision below
-- those that they know.
redis.call('HSETNX', STATE, 'v', integer(AT * 1000))
local isFormerLost = former < tonumber(ARGV[9])
if former < 0 then
  -- If the former epoch was buried, all of its steps were taken before.
  isFormerLost = not wasBuried(ARGV[4])
end
local isLost = ARGV[8] ~= '' and (ARGV[8] ~= data or isFormerLost or tonumber(revision()) < tonumber(ARGV[7]))
if isLost and ARGV[8] == data then
  -- It is the same data, but no longer in the state that backends know.
  redis.call('HSET', STATE, 'lost', ARGV[3])
end
local others = redis.call('ZCARD', KEYS[2]) - (redis.call('ZSCORE', KEYS[2], ARGV[4]) and 1 or 0)
noteContact(tonumber(ARGV[5]), others, isLost)
if tonumber(revision()) < tonumber(ARGV[7]) then
  redis.call('HSET', STATE, 'v', ARGV[7])
end
redis.call('HSET', STATE, 'e:' .. ARGV[3], 0)
-- The epoch still has to assert what it holds.
if ARE_DEPARTURES_HELD and not WAS_UNREACHABLE and ARGV[4] ~= '' then
  redis.call('HSET', STATE, 'w:' .. ARGV[3], 2)
  redis.call('HINCRBY', STATE, 'awaited', 1)
end
redis.call('ZADD', KEYS[2], integer(AT + tonumber(ARGV[5])), ARGV[3])
return { data, revision(), former, AT, redis.call('HGET', STATE, 'lost') or '' }
