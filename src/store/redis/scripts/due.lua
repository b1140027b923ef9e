-- Lists the channels for which something is due.
--
-- KEYS[2]  due
--
-- Answers the milliseconds until more is due (-1: nothing, or a heartbeat will report it), then the channels as APP\nCHANNEL.

if ARE_DEPARTURES_HELD then
  return { -1 }
end
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', integer(AT), 'LIMIT', 0, 100)
local later = redis.call('ZRANGE', KEYS[2], #found, #found, 'WITHSCORES')[2]
local reply = { later and math.max(0, tonumber(later) - AT) or -1 }
for _, one in ipairs(found) do
  table.insert(reply, one)
end
return reply
