-- What every script of a partition begins with, after time.lua.
--
-- KEYS[1]  state of the partition, a hash:
--            t, o     see time.lua
--            b        which data this is: drawn anew when it has been lost
--            lost     when it was last found that some of its writes have been lost
--            v        the revision: raised with every notice
--            m        cache misses so far
--            beat     the last heartbeat of any node, and the lease that it asked for
--            lease
--            hold     at the longest until this moment departures wait for the nodes that were there when Redis was lost
--            awaited  how many of them are still to come back
--            w:EPOCH  one of them, and how many heartbeats of it are still to come
--            unsure   until this moment some node may hold what is not known here
--            process, heard   which process of Redis it was when a node was heard of last, and when that was
--            e:EPOCH  a registered epoch, and the number of its last step
--            x:EPOCH  the same of a dead one, until nothing is left of it
-- ARGV[1]  the present moment in milliseconds; empty: the server's time (tests say what time it is)
-- ARGV[2]  the topic on which the partition's notices are published

local STATE, TOPIC = KEYS[1], ARGV[2]

-- Whether Redis has no memory left (maxmemory). It refuses the first write of a script if that takes memory, and none
-- after one that takes none: what leaves can leave, and what is known can change. Whatever would be new looks at this.
local asked = redis.pcall('HSETNX', STATE, 't', 0)
local IS_FULL = type(asked) == 'table' and string.find(asked.err, 'OOM', 1, true) ~= nil
if IS_FULL then
  redis.call('HDEL', STATE, '')
end

local kept = redis.call('HMGET', STATE, 't', 'o', 'beat', 'lease', 'hold', 'awaited')
local AT = present(STATE, ARGV[1], tonumber(kept[1] or 0), tonumber(kept[2] or 0))
local LEASE = tonumber(kept[4] or 0)
-- Nobody was heard of for long: not the nodes were away, but this server, or its clock jumped.
local AWAY_MS = kept[3] and AT - tonumber(kept[3]) or 0
local WAS_AWAY = AWAY_MS > LEASE * 0.2
-- Whoever left before may have come back meanwhile to a node that could not say so. From the first step on, whichever it
-- is, departures wait until every node that was there before has said what it has. The next heartbeat notes it down.
local IS_HELD = WAS_AWAY or tonumber(kept[6] or 0) > 0 and tonumber(kept[5] or 0) > AT

-- Takes a step of an epoch, each once and in order. Returns why not, if not: the epoch is not registered (any
-- more), or the step is not the one after the last.
local function refuse(epoch, number)
  local last = redis.call('HGET', STATE, 'e:' .. epoch)
  if not last then
    return 'unknown'
  end
  if tonumber(last) + 1 ~= tonumber(number) then
    return 'gap'
  end
  redis.call('HSET', STATE, 'e:' .. epoch, number)
  return nil
end

-- The epoch has come back with all that it has, or will not.
local function expectNoMore(epoch)
  if redis.call('HDEL', STATE, 'w:' .. epoch) == 1 then
    redis.call('HINCRBY', STATE, 'awaited', -1)
  end
end

-- From now on no step of the epoch is taken.
local function kill(epoch)
  local last = redis.call('HGET', STATE, 'e:' .. epoch)
  if last then
    redis.call('HDEL', STATE, 'e:' .. epoch)
    redis.call('HSET', STATE, 'x:' .. epoch, last)
  end
  expectNoMore(epoch)
end

-- Some node holds, or may hold, what is not known here. It has a lease to say so.
local function doubt(lease)
  redis.call('HSET', STATE, 'unsure', integer(AT + lease))
end

-- Tells every node, in order.
local function tell(notice)
  notice.v = integer(redis.call('HINCRBY', STATE, 'v', 1))
  redis.call('SPUBLISH', TOPIC, 'n' .. cjson.encode(notice))
end

local function revision()
  return redis.call('HGET', STATE, 'v') or '0'
end
