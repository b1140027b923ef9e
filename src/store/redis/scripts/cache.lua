-- Keeps an event for late subscribers, ends the cache miss, and tells those who are there.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the step
-- ARGV[8]  event name
-- ARGV[9]  data
-- ARGV[10] milliseconds that it is kept
-- ARGV[11] the connection that is not told; empty: all are
-- ARGV[12] a mark by which the sender knows its own
-- ARGV[13] milliseconds since it was published: it may have had to wait for Redis
--
-- An event that was published before the one that is kept comes too late, and is passed over.

local refusal = refuse(ARGV[6], ARGV[7])
if refusal then
  return { refusal }
end
local ttl = tonumber(ARGV[10])
local publishedAt = AT - tonumber(ARGV[13])
if tonumber(redis.call('HGET', CACHED, 'p') or 0) > publishedAt then
  return { 'ok' }
end
redis.call('HSET', CACHED, 'n', ARGV[8], 'd', ARGV[9], 'u', integer(AT + ttl), 'p', integer(publishedAt))
-- Only to clear up: whether it counts is decided by `u`.
redis.call('PEXPIRE', CACHED, integer(ttl + 60000))
redis.call('HDEL', CHANNEL, 'miss')
notice('event', { n = ARGV[8], d = ARGV[9], t = ttl, x = ARGV[11], o = ARGV[12] })
return { 'ok' }
