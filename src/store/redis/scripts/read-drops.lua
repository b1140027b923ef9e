-- Reads the last drops of each endpoint and channel for a backend.
--
-- KEYS[2]  drops, KEYS[3] order, KEYS[4] numbers, of the first kind, and so on (see drop.lua)
-- ARGV[3]  epoch
-- ARGV[4]  number of the last step that the node knows to be taken
-- ARGV[5]  the highest revision that the node has received
--
-- Answers {ok, how many drops are forgotten except those of the last kind, the drops of each kind with the latest last}, or {unknown}.

if not knowsAll(ARGV[3], ARGV[4], ARGV[5]) then
  return { 'unknown' }
end
local reply = { 'ok', 0 }
for kind = 2, #KEYS, 3 do
  if kind + 3 <= #KEYS then
    reply[2] = reply[2] + tonumber(redis.call('HGET', KEYS[kind + 2], 'forgotten') or 0)
  end
  for _, subject in ipairs(redis.call('ZRANGE', KEYS[kind + 1], 0, -1)) do
    table.insert(reply, redis.call('HGET', KEYS[kind], subject))
  end
end
return reply
