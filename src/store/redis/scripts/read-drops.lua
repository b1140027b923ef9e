-- The last drops of each endpoint and channel, for a backend that asks.
--
-- KEYS[2]  drops, KEYS[3] order, KEYS[4] numbers, of the first kind, and so on (see drop.lua)
-- ARGV[3]  epoch
-- ARGV[4]  number of the last step that it knows to be taken
-- ARGV[5]  the last revision of which it has heard
--
-- Answers {ok, how many of the first kind are forgotten, the drops of each kind, the latest last}, or {unknown}.

if not isWhole(ARGV[3], ARGV[4], ARGV[5]) then
  return { 'unknown' }
end
local reply = { 'ok', tonumber(redis.call('HGET', KEYS[4], 'forgotten') or 0) }
for kind = 2, #KEYS, 3 do
  for _, subject in ipairs(redis.call('ZRANGE', KEYS[kind + 1], 0, -1)) do
    table.insert(reply, redis.call('HGET', KEYS[kind], subject))
  end
end
return reply
