-- Allows only this token or a later one to settle events here from now on, and hands over the requests of ask.lua, because their messages
-- may have been lost.
--
-- KEYS[1]  fence
-- KEYS[2]  asked; see ask.lua
-- ARGV[1]  the present moment in milliseconds; empty: the server's time
-- ARGV[2]  token
--
-- Answers 1, or 0 if a later token is known; the moment by the clock from which the ids of the outbox are made; and the requests.

local at = tonumber(ARGV[1])
if not at then
  local time = redis.call('TIME')
  at = time[1] * 1000 + math.floor(time[2] / 1000)
end
if tonumber(redis.call('GET', KEYS[1]) or 0) <= tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], ARGV[2])
  local asked = redis.call('SMEMBERS', KEYS[2])
  redis.call('DEL', KEYS[2])
  return { 1, at, unpack(asked) }
end
return { 0, at }
