#!lua flags=allow-oom
-- Claims the right to dispatch, or keeps it.
--
-- KEYS[1]  lead, a hash: owner, token (raised with every claim), until
-- ARGV[1]  the present moment in milliseconds; empty: the server's time
-- ARGV[2]  who asks
-- ARGV[3]  lease in milliseconds; 0: whoever asks gives the right up
-- ARGV[4]  1: whoever asks knows that somebody had the right; if that is forgotten here, they are to have it again
--
-- Answers the token (0: somebody else has the right), the token of before (-1: none is known), and the moment.

local at = tonumber(ARGV[1])
if not at then
  local time = redis.call('TIME')
  at = time[1] * 1000 + math.floor(time[2] / 1000)
end
local lead = redis.call('HMGET', KEYS[1], 'owner', 'token', 'until')
local owner, token, ends = lead[1], tonumber(lead[2] or -1), tonumber(lead[3] or 0)
local lease = tonumber(ARGV[3])
if lease == 0 then
  if owner == ARGV[2] then
    redis.call('HDEL', KEYS[1], 'owner')
  end
  return { 0, token, at }
end
if token < 0 and ARGV[4] == '1' then
  return { 0, token, at }
end
local now = token
if owner ~= ARGV[2] then
  if owner and ends > at then
    return { 0, token, at }
  end
  -- By the time of day: above any token that other partitions may remember after this one was lost.
  now = math.max(token + 1, at)
end
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'token', string.format('%.0f', now),
  'until', string.format('%.0f', at + lease))
return { now, token, at }
