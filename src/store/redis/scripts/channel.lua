-- The common start of every script that changes a channel, after partition.lua.
--
-- KEYS[2]  due: when to check which channel, a sorted set of APP\nCHANNEL
-- KEYS[3]  outbox: the webhook events, a stream
-- KEYS[4]  held: what an epoch holds, a set
-- KEYS[5]  index: the occupied channels of the app, a sorted set in the order of names
-- KEYS[6]  channel, a hash:
--            announced   set once channel_occupied is in the outbox
--            until       the channel's grace period lasts until this moment
--            live        how many epochs hold it
--            total       how many connections are subscribed
--            miss        the current cache miss, and until when it lasts
--            countSaid, countSaidAt   the subscription count that was reported last, and when
--            countDue    when the next subscription count is due
--            by          the source of the last departure
--            n:EPOCH     how many connections one epoch has
-- KEYS[7]  members who are present: user id to user_info
-- KEYS[8]  grace: user id to the end of the member's grace period
-- KEYS[9]  holders: user id to the epochs that have the user
-- KEYS[10] cached: the event of a cache channel: n name, d data, u kept until, p moment of publication, f publishing node,
--            o its number on that node
-- ARGV[3]  the topic that wakes the dispatching node
-- ARGV[4]  app
-- ARGV[5]  channel

local DUE, OUTBOX, HELD, INDEX, CHANNEL = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local MEMBERS, GRACE, HOLDERS, CACHED = KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local WAKE, APP, NAME = ARGV[3], ARGV[4], ARGV[5]
local SUBJECT = APP .. '\n' .. NAME
local manyConnections, countEveryMs, missLastsMs = 100, 5000, 300000
local hasEvents = false
-- What causes the changes of this script: a connection or a dead epoch. Empty: unknown.
local source = ''
-- Whether subscribers and webhooks receive the count of the channel. 1: yes; 0: no; empty: the node does not know the app.
local sendsCounts = ''

local function addEvent(event)
  event.channel = NAME
  event.source = source ~= '' and source or nil
  redis.call('XADD', OUTBOX, '*', 'a', APP, 'j', cjson.encode(event))
  hasEvents = true
end

local function notice(kind, fields)
  fields.a, fields.c, fields.k = APP, NAME, kind
  publish(fields)
end

local function number(field)
  return tonumber(redis.call('HGET', CHANNEL, field) or 0)
end

-- Sets how many connections an epoch has on a channel that it holds. The connections of a former epoch of its node are among them (empty:
-- none).
local function count(epoch, connections, former)
  local before, said, ofFormer = unpack(redis.call('HMGET', CHANNEL, 'n:' .. epoch, 'countSaid', 'n:' .. former))
  if ofFormer then
    redis.call('HSET', CHANNEL, 'n:' .. former, 0)
    before = tonumber(before or 0) + tonumber(ofFormer)
  end
  redis.call('HSET', CHANNEL, 'n:' .. epoch, connections)
  local total = redis.call('HINCRBY', CHANNEL, 'total', connections - tonumber(before or 0))
  if sendsCounts == '0' and said then
    -- It does not stay true. When counts are sent again, any of them is new.
    redis.call('HDEL', CHANNEL, 'countSaid', 'countDue')
  end
  local isSent = sendsCounts == '1' or sendsCounts == '' and said
  if not isSent or tostring(total) == said then
    return
  end
  local sentAt = number('countSaidAt')
  if IS_FULL or total > manyConnections and AT - sentAt < countEveryMs then
    redis.call('HSETNX', CHANNEL, 'countDue', integer((IS_FULL and AT or sentAt) + countEveryMs))
    return
  end
  redis.call('HSET', CHANNEL, 'countSaid', total, 'countSaidAt', integer(AT))
  redis.call('HDEL', CHANNEL, 'countDue')
  notice('count', { n = total })
  addEvent({ name = 'subscription_count', count = total })
end

-- Notes that the epoch has subscribers. Returns whether this cancelled a departure of the channel.
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
  addEvent({ name = 'channel_occupied' })
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

-- Notes that the epoch has a connection of the user. Returns whether this cancelled a departure of the member.
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
  addEvent({ name = 'member_added', userId = user })
  return false
end

-- Notes that the epoch has no connection of the user any more.
local function leaveMember(epoch, user, deadline)
  local epochs = redis.call('HGET', HOLDERS, user)
  if not epochs then
    return
  end
  local others = without(epochs, epoch)
  if others == epochs then
    return
  end
  -- This also applies while other epochs have the user: the longer grace of an earlier leave outlasts the shorter one of a later leave.
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

-- Notes that the epoch has no subscriber any more.
local function leaveChannel(epoch, deadline)
  if redis.call('HEXISTS', CHANNEL, 'n:' .. epoch) == 0 then
    return
  end
  count(epoch, 0, '')
  redis.call('HDEL', CHANNEL, 'n:' .. epoch)
  redis.call('SREM', HELD, 'c\n' .. SUBJECT)
  if deadline > number('until') then
    redis.call('HSET', CHANNEL, 'until', integer(deadline), 'by', source)
  end
  if redis.call('HINCRBY', CHANNEL, 'live', -1) == 0 then
    redis.call('ZREM', INDEX, NAME)
  end
end

-- Reports departures whose grace period has ended. Returns when to check again (nil: not needed), and when the count is due (0: never).
local function reportDepartures()
  local departed = ARE_DEPARTURES_HELD and {} or redis.call('ZRANGEBYSCORE', GRACE, '-inf', integer(AT))
  if #departed > 0 then
    source = redis.call('HGET', CHANNEL, 'by') or ''
  end
  for _, user in ipairs(departed) do
    redis.call('ZREM', GRACE, user)
    if redis.call('HEXISTS', HOLDERS, user) == 0 then
      addEvent({ name = 'member_removed', userId = user })
    end
  end
  local nextAt = tonumber(redis.call('ZRANGE', GRACE, 0, 0, 'WITHSCORES')[2])
  local state = redis.call('HMGET', CHANNEL, 'announced', 'live', 'until', 'by', 'countDue')
  local isEmpty, countDue = tonumber(state[2] or 0) == 0, tonumber(state[5] or 0)
  if not state[1] or not isEmpty or nextAt then
    return nextAt, countDue
  end
  local vacatedAt = tonumber(state[3] or 0)
  if vacatedAt > AT or ARE_DEPARTURES_HELD then
    return vacatedAt, countDue
  end
  source = state[4] or ''
  addEvent({ name = 'channel_vacated' })
  redis.call('DEL', CHANNEL, MEMBERS, GRACE, HOLDERS)
  return nil, 0
end

-- Reports a postponed count if it is due, unless counts are not sent any more. Returns when it is due otherwise, or nil if none is postponed.
local function reportDueCount(dueAt)
  if dueAt == 0 or dueAt > AT then
    return dueAt > 0 and dueAt or nil
  end
  if sendsCounts == '0' then
    redis.call('HDEL', CHANNEL, 'countSaid', 'countDue')
    return nil
  end
  local total = number('total')
  redis.call('HDEL', CHANNEL, 'countDue')
  redis.call('HSET', CHANNEL, 'countSaid', total, 'countSaidAt', integer(AT))
  notice('count', { n = total })
  addEvent({ name = 'subscription_count', count = total })
  return nil
end

-- Reports what is due, notes when to check again, and wakes the dispatching node.
local function finish()
  local nextAt, countDue = reportDepartures()
  local countAt = reportDueCount(countDue)
  if countAt and (not nextAt or countAt < nextAt) then
    nextAt = countAt
  end
  if nextAt then
    redis.call('ZADD', DUE, integer(nextAt), SUBJECT)
  else
    redis.call('ZREM', DUE, SUBJECT)
  end
  if hasEvents then
    redis.call('SPUBLISH', WAKE, '')
  end
end

-- Returns the cached event: name, data and the remaining milliseconds. The parts are empty if there is none.
local function cached()
  local event = redis.call('HMGET', CACHED, 'n', 'd', 'u')
  local remains = tonumber(event[3] or 0) - AT
  if remains <= 0 then
    return { '', '', 0 }
  end
  return { event[1], event[2], remains }
end

-- Returns how many milliseconds the cache miss still lasts, or 0 if there is none.
local function missRemainsMs()
  local miss = redis.call('HGET', CHANNEL, 'miss')
  if not miss then
    return 0
  end
  return math.max(0, tonumber(string.match(miss, ' (%d+)$')) - AT)
end

-- Returns what a node needs to know of the channel: revision, cached event (3 items), how long the cache miss lasts, how many epochs
-- hold the channel, how many connections are subscribed, the subscription count that was reported last, then user ids and infos
-- alternately.
local function describe()
  local event = cached()
  local reply = {
    revision(), event[1], event[2], event[3], missRemainsMs(), number('live'), number('total'), number('countSaid')
  }
  for _, part in ipairs(redis.call('HGETALL', MEMBERS)) do
    table.insert(reply, part)
  end
  return reply
end
