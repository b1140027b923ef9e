-- Lists the occupied channels of an app for a backend.
--
-- KEYS[2]  index of the app
-- ARGV[3]  epoch
-- ARGV[4]  number of the last step that the node knows to be taken
-- ARGV[5]  the highest revision that the node has received
-- ARGV[6], ARGV[7]  the range of names, as in ZRANGEBYLEX
-- ARGV[8]  the maximum number of names; -1: no limit
--
-- Answers {ok, names...}, or {unknown}.

if not knowsAll(ARGV[3], ARGV[4], ARGV[5]) then
  return { 'unknown' }
end
local reply = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[6], ARGV[7], 'LIMIT', 0, ARGV[8])
table.insert(reply, 1, 'ok')
return reply
