-- Keeps an event for late subscribers, ends the cache miss, and notifies the current subscribers.
--
-- KEYS[11] caches: the channels of the app with a cached event, by the end of its time, a sorted set
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  event name
-- ARGV[9]  data
-- ARGV[10] how long it is kept, in milliseconds
-- ARGV[11] the connection that must not receive it; empty: all receive it
-- ARGV[12] a mark by which the sender recognizes its own event: NODE/NUMBER
-- ARGV[13] the moment of publication; empty: now
--
-- The event may have had to wait for Redis. It is ignored if another node published the kept event later, or if the same node
-- published the kept event later: that happens if this one was refused for lack of memory and the other was not.
--
-- Answers ok, full (the node must send it again), or why the step was refused.

local refusal = refuse(ARGV[6], ARGV[7])
if refusal then
  return { refusal }
end
if IS_FULL then
  markUnsure(LEASE)
  return { 'full' }
end
local ttl = tonumber(ARGV[10])
local node, order = string.match(ARGV[12], '^(.*)/(.*)$')
-- Nodes know the moment only to within some milliseconds, so an event that arrives without delay counts as the latest.
local publishedAt = tonumber(ARGV[13]) or AT
if AT - publishedAt < 100 then
  publishedAt = AT
end
local kept = redis.call('HMGET', CACHED, 'p', 'f', 'o')
local isLater
if kept[2] == node then
  isLater = tonumber(order) > tonumber(kept[3] or 0)
else
  isLater = publishedAt >= tonumber(kept[1] or 0)
end
if not isLater then
  return { 'ok' }
end
redis.call('HSET', CACHED, 'n', ARGV[8], 'd', ARGV[9], 'u', integer(AT + ttl), 'p', integer(publishedAt),
  'f', node, 'o', order)
-- This only frees memory. Field `u` decides whether the event still counts.
redis.call('PEXPIRE', CACHED, integer(ttl + 60000))
redis.call('ZREMRANGEBYSCORE', KEYS[11], '-inf', integer(AT))
redis.call('ZADD', KEYS[11], integer(AT + ttl), NAME)
redis.call('PEXPIRE', KEYS[11], integer(ttl + 60000))
redis.call('HDEL', CHANNEL, 'miss')
notice('event', { n = ARGV[8], d = ARGV[9], t = ttl, x = ARGV[11], o = ARGV[12] })
return { 'ok' }
