-- Claims the right to dispatch, or keeps it.
--
-- KEYS[1]  lead, a hash: owner, token (raised with every claim), until; t, o: see time.lua
-- ARGV[1]  the present moment in milliseconds; empty: the server's time
-- ARGV[2]  who asks
-- ARGV[3]  lease in milliseconds; 0: whoever asks gives the right up
-- ARGV[4]  1: whoever asks knows that somebody had the right; if that is forgotten here, they are to have it again
--
-- Answers the token (0: somebody else has the right), the token of before (-1: none is known), and the moment.

local lead = redis.call('HMGET', KEYS[1], 'owner', 'token', 'until', 't', 'o')
local at = present(KEYS[1], ARGV[1], tonumber(lead[4] or 0), tonumber(lead[5] or 0))
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
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'token', integer(now), 'until', integer(at + lease))
return { now, token, at }
