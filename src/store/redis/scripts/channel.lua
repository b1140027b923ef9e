-- What every script that changes a channel begins with, after partition.lua.
--
-- KEYS[2]  due: when to look at which channel, a sorted set of APP\nCHANNEL
-- KEYS[3]  outbox: the events for webhooks, a stream
-- KEYS[4]  held: what an epoch holds, a set
-- KEYS[5]  index: the occupied channels of the app, a sorted set read by name
-- KEYS[6]  channel, a hash:
--            announced   webhooks have said that it is occupied
--            until       some leave wants it to linger until this moment
--            live        how many epochs hold it
--            total       how many connections are subscribed
--            miss        the cache miss that stands, and until when
--            countSaid, countSaidAt, countDue   when the subscription count was told, and is to be told
--            by          whoever left last: the source of departures
--            n:EPOCH     the connections of one epoch
-- KEYS[7]  members who are present: user id to user_info
-- KEYS[8]  grace: user id to the moment until which some leave wants the member to linger
-- KEYS[9]  holders: user id to the epochs where the user is
-- KEYS[10] cached: the event of a cache channel: n name, d data, u until when, p when it was published, f by which node,
--            o its number there
-- ARGV[3]  the topic that wakes whoever dispatches the events
-- ARGV[4]  app
-- ARGV[5]  channel

local DUE, OUTBOX, HELD, INDEX, CHANNEL = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local MEMBERS, GRACE, HOLDERS, CACHED = KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local WAKE, APP, NAME = ARGV[3], ARGV[4], ARGV[5]
local SUBJECT = APP .. '\n' .. NAME
local crowd, crowdEveryMs, missStandsMs = 100, 5000, 300000
local hasFacts = false
-- Whoever causes what this script does: a connection, or a dead epoch. Empty: not known.
local source = ''

local function fact(event)
  event.channel = NAME
  event.source = source ~= '' and source or nil
  redis.call('XADD', OUTBOX, '*', 'a', APP, 'j', cjson.encode(event))
  hasFacts = true
end

local function notice(kind, fields)
  fields.a, fields.c, fields.k = APP, NAME, kind
  tell(fields)
end

local function number(field)
  return tonumber(redis.call('HGET', CHANNEL, field) or 0)
end

-- The count of one epoch that holds the channel is now this; `isWanted`: subscribers and webhooks are told of counts.
local function count(epoch, connections, isWanted)
  local before = number('n:' .. epoch)
  redis.call('HSET', CHANNEL, 'n:' .. epoch, connections)
  local total = redis.call('HINCRBY', CHANNEL, 'total', connections - before)
  if not isWanted or tostring(total) == (redis.call('HGET', CHANNEL, 'countSaid') or '0') then
    return
  end
  local sentAt = number('countSaidAt')
  if IS_FULL or total > crowd and AT - sentAt < crowdEveryMs then
    redis.call('HSETNX', CHANNEL, 'countDue', integer((IS_FULL and AT or sentAt) + crowdEveryMs))
    return
  end
  redis.call('HSET', CHANNEL, 'countSaid', total, 'countSaidAt', integer(AT))
  redis.call('HDEL', CHANNEL, 'countDue')
  notice('count', { n = total })
  fact({ name = 'subscription_count', count = total })
end

-- The epoch has subscribers. Returns whether a departure was called off.
local function enterChannel(epoch)
  if redis.call('HEXISTS', CHANNEL, 'n:' .. epoch) == 1 then
    return false
  end
  redis.call('HSET', CHANNEL, 'n:' .. epoch, 0)
  redis.call('SADD', HELD, 'c\n' .. SUBJECT)
  if redis.call('HINCRBY', CHANNEL, 'live', 1) > 1 then
    return false
  end
  redis.call('ZADD', INDEX, 0, NAME)
  redis.call('HDEL', CHANNEL, 'until')
  if redis.call('HSETNX', CHANNEL, 'announced', 1) == 0 then
    return true
  end
  fact({ name = 'channel_occupied' })
  return false
end

local function without(epochs, epoch)
  local others = {}
  for one in string.gmatch(epochs, '%S+') do
    if one ~= epoch then
      table.insert(others, one)
    end
  end
  return table.concat(others, ' ')
end

-- The epoch has a connection of the user. Returns whether a departure was called off.
local function enterMember(epoch, user, info)
  local epochs = redis.call('HGET', HOLDERS, user)
  if epochs then
    local others = without(epochs, epoch)
    redis.call('HSET', HOLDERS, user, others == '' and epoch or others .. ' ' .. epoch)
    return false
  end
  redis.call('HSET', HOLDERS, user, epoch)
  redis.call('HSET', MEMBERS, user, info)
  notice('in', { u = user, i = info })
  if redis.call('ZREM', GRACE, user) == 1 then
    return true
  end
  fact({ name = 'member_added', userId = user })
  return false
end

-- The epoch has no connection of the user any more.
local function leaveMember(epoch, user, deadline)
  local epochs = redis.call('HGET', HOLDERS, user)
  if not epochs then
    return
  end
  local others = without(epochs, epoch)
  if others == epochs then
    return
  end
  -- Also while others are there: an earlier leave with a longer grace outlasts a later, shorter one.
  redis.call('ZADD', GRACE, 'GT', integer(deadline), user)
  if others ~= '' then
    redis.call('HSET', HOLDERS, user, others)
    return
  end
  redis.call('HDEL', HOLDERS, user)
  redis.call('HDEL', MEMBERS, user)
  redis.call('HSET', CHANNEL, 'by', source)
  notice('out', { u = user })
end

-- The epoch has no subscriber any more.
local function leaveChannel(epoch, deadline)
  if redis.call('HEXISTS', CHANNEL, 'n:' .. epoch) == 0 then
    return
  end
  count(epoch, 0, redis.call('HEXISTS', CHANNEL, 'countSaid') == 1)
  redis.call('HDEL', CHANNEL, 'n:' .. epoch)
  redis.call('SREM', HELD, 'c\n' .. SUBJECT)
  if deadline > number('until') then
    redis.call('HSET', CHANNEL, 'until', integer(deadline), 'by', source)
  end
  if redis.call('HINCRBY', CHANNEL, 'live', -1) == 0 then
    redis.call('ZREM', INDEX, NAME)
  end
end

-- Reports who has lingered too long. Returns when to look again (nil: nothing lingers), and when the count is to be told (0: never).
local function reportGone()
  local gone = IS_HELD and {} or redis.call('ZRANGEBYSCORE', GRACE, '-inf', integer(AT))
  if #gone > 0 then
    source = redis.call('HGET', CHANNEL, 'by') or ''
  end
  for _, user in ipairs(gone) do
    redis.call('ZREM', GRACE, user)
    if redis.call('HEXISTS', HOLDERS, user) == 0 then
      fact({ name = 'member_removed', userId = user })
    end
  end
  local nextAt = tonumber(redis.call('ZRANGE', GRACE, 0, 0, 'WITHSCORES')[2])
  local state = redis.call('HMGET', CHANNEL, 'announced', 'live', 'until', 'by', 'countDue')
  local isEmpty, countDue = tonumber(state[2] or 0) == 0, tonumber(state[5] or 0)
  if not state[1] or not isEmpty or nextAt then
    return nextAt, countDue
  end
  local goneAt = tonumber(state[3] or 0)
  if goneAt > AT or IS_HELD then
    return goneAt, countDue
  end
  source = state[4] or ''
  fact({ name = 'channel_vacated' })
  redis.call('DEL', CHANNEL, MEMBERS, GRACE, HOLDERS)
  return nil, 0
end

-- Tells a count that was put off until then. Returns when it is to be told still; nil: it need not be.
local function tellCount(dueAt)
  if dueAt == 0 or dueAt > AT then
    return dueAt > 0 and dueAt or nil
  end
  local total = number('total')
  redis.call('HDEL', CHANNEL, 'countDue')
  redis.call('HSET', CHANNEL, 'countSaid', total, 'countSaidAt', integer(AT))
  notice('count', { n = total })
  fact({ name = 'subscription_count', count = total })
  return nil
end

-- Reports what is due, notes when to look again, and wakes whoever dispatches.
local function finish()
  local nextAt, countDue = reportGone()
  local countAt = tellCount(countDue)
  if countAt and (not nextAt or countAt < nextAt) then
    nextAt = countAt
  end
  if nextAt then
    redis.call('ZADD', DUE, integer(nextAt), SUBJECT)
  else
    redis.call('ZREM', DUE, SUBJECT)
  end
  if hasFacts then
    redis.call('SPUBLISH', WAKE, '')
  end
end

-- The cached event: name, data and the milliseconds that it remains; empty when there is none.
local function cached()
  local event = redis.call('HMGET', CACHED, 'n', 'd', 'u')
  local remains = tonumber(event[3] or 0) - AT
  if remains <= 0 then
    return { '', '', 0 }
  end
  return { event[1], event[2], remains }
end

-- The milliseconds that the cache miss still stands, 0 when none does.
local function missStands()
  local standing = redis.call('HGET', CHANNEL, 'miss')
  if not standing then
    return 0
  end
  return math.max(0, tonumber(string.match(standing, ' (%d+)$')) - AT)
end

-- What a node needs to know of the channel: revision, cached event (3), how long the miss stands, how many epochs hold it,
-- the connections, then user ids and infos by turns.
local function describe()
  local event = cached()
  local reply = { revision(), event[1], event[2], event[3], missStands(), number('live'), number('total') }
  for _, part in ipairs(redis.call('HGETALL', MEMBERS)) do
    table.insert(reply, part)
  end
  return reply
end
