-- The occupied channels of an app, for a backend that asks.
--
-- KEYS[2]  index of the app
-- ARGV[3]  epoch
-- ARGV[4]  number of the last step that it knows to be taken
-- ARGV[5]  the last revision of which it has heard
-- ARGV[6], ARGV[7]  from which name to which, as ZRANGEBYLEX takes them
-- ARGV[8]  the most names; -1: all
--
-- Answers {ok, names...}, or {unknown}.

if not isWhole(ARGV[3], ARGV[4], ARGV[5]) then
  return { 'unknown' }
end
local reply = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[6], ARGV[7], 'LIMIT', 0, ARGV[8])
table.insert(reply, 1, 'ok')
return reply
