-- The common start of every script of a partition, after time.lua and full.lua.
--
-- KEYS[1]  state of the partition, a hash:
--            t, o     see time.lua
--            b        the identity of the data: drawn again when the data was lost
--            lost     a word that changes with each loss of writes that is found
--            v        the revision: rises with every notice, and is usually its time in microseconds
--            m        a counter for cache misses and admitted events
--            beat     when any node last sent a heartbeat
--            said     when a heartbeat last published the revision
--            lease    the lease that it asked for, in milliseconds
--            hold     after an outage, departures wait for the nodes of that time, but no longer than until this moment
--            awaited  how many of these nodes have not come back
--            w:EPOCH  one of them, and how many of its heartbeats are still awaited
--            unsure   until this moment, a node may hold something that is not known here
--            process, heard   which process of Redis it was when a node was last in contact, and when that was
--            e:EPOCH  a registered epoch, and the number of its last step
--            x:EPOCH  the same for a dead epoch, until nothing is left of it
--            buried   the dead epochs of which nothing was left, the latest first, each with a line break
-- ARGV[1]  the present moment in milliseconds; empty: the server's time (tests set the time)
-- ARGV[2]  the topic for notices of the partition

local STATE, TOPIC = KEYS[1], ARGV[2]

local kept = redis.call('HMGET', STATE, 't', 'o', 'beat', 'lease', 'hold', 'awaited')
local AT = present(STATE, ARGV[1], tonumber(kept[1] or 0), tonumber(kept[2] or 0))
local LEASE = tonumber(kept[4] or 0)
-- If no node sent a heartbeat for two intervals, this server was unreachable, or its clock jumped.
local SILENCE_MS = kept[3] and AT - tonumber(kept[3]) or 0
local WAS_UNREACHABLE = SILENCE_MS > LEASE * 0.2
-- A client that left before the outage may have come back to a node that could not report it. From the first step on, departures wait
-- until every node of that time has reported what it holds. The next heartbeat writes this down.
local ARE_DEPARTURES_HELD = WAS_UNREACHABLE or tonumber(kept[6] or 0) > 0 and tonumber(kept[5] or 0) > AT

-- Takes a step of an epoch, each once and in order. Returns nil, or why it is refused: `unknown` if the epoch is not registered (any
-- more), `gap` if the step does not follow the last one.
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

-- The epoch has come back and reported all that it holds, or will never do so.
local function stopAwaiting(epoch)
  if redis.call('HDEL', STATE, 'w:' .. epoch) == 1 then
    redis.call('HINCRBY', STATE, 'awaited', -1)
  end
end

-- Ends an epoch: none of its steps is taken from now on.
local function endEpoch(epoch)
  local last = redis.call('HGET', STATE, 'e:' .. epoch)
  if last then
    redis.call('HDEL', STATE, 'e:' .. epoch)
    redis.call('HSET', STATE, 'x:' .. epoch, last)
  end
  stopAwaiting(epoch)
end

-- Notes that nothing is left of a dead epoch. Its node may still be alive, and ask whether the epoch was lost.
local function noteBuried(epoch)
  local buried = redis.call('HGET', STATE, 'buried') or ''
  redis.call('HSET', STATE, 'buried', (epoch .. '\n' .. buried):sub(1, 4096))
end

-- Whether nothing was left of a dead epoch.
local function wasBuried(epoch)
  local buried = redis.call('HGET', STATE, 'buried') or ''
  return ('\n' .. buried):find('\n' .. epoch .. '\n', 1, true) ~= nil
end

-- Notes that a node holds, or may hold, something that is not known here. It has a lease to report it.
local function markUnsure(lease)
  redis.call('HSET', STATE, 'unsure', integer(AT + lease))
end

local function revision()
  return redis.call('HGET', STATE, 'v') or '0'
end

-- Sends a notice to every node, in order. It names the revision before, so that a node notices what it has missed. No revision is used
-- twice, not even after a loss of writes: a node that knows the lost ones would take the new ones for them.
local function publish(notice)
  local time = redis.call('TIME')
  notice.p = revision()
  notice.v = integer(math.max(tonumber(notice.p) + 1, time[1] * 1000000 + time[2]))
  redis.call('HSET', STATE, 'v', notice.v)
  redis.call('SPUBLISH', TOPIC, 'n' .. cjson.encode(notice))
end
