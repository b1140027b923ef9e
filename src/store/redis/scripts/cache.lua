-- Keeps an event for late subscribers, ends the cache miss, and tells those who are there.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  event name
-- ARGV[9]  data
-- ARGV[10] milliseconds that it is kept
-- ARGV[11] the connection that is not told; empty: all are
-- ARGV[12] a mark by which the sender knows its own: NODE/NUMBER
-- ARGV[13] the moment at which it was published; empty: now
--
-- It may have had to wait for Redis. One that another node has published later, and that is kept already, stays: this
-- one comes too late, and is passed over. So is one that the same node has published earlier: it was refused for want of
-- memory, and another was not. Answers ok, full (it is to be sent again), or why the step was refused.

local refusal = refuse(ARGV[6], ARGV[7])
if refusal then
  return { refusal }
end
if IS_FULL then
  doubt(LEASE)
  return { 'full' }
end
local ttl = tonumber(ARGV[10])
local node, order = string.match(ARGV[12], '^(.*)/(.*)$')
-- The nodes know the moment to within a few milliseconds: what came at once is the latest, whatever they believe.
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
-- Only to clear up: whether it counts is decided by `u`.
redis.call('PEXPIRE', CACHED, integer(ttl + 60000))
redis.call('HDEL', CHANNEL, 'miss')
notice('event', { n = ARGV[8], d = ARGV[9], t = ttl, x = ARGV[11], o = ARGV[12] })
return { 'ok' }
