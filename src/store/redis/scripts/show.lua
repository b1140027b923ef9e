-- What is true of a channel, for a backend that asks.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the last step that it knows to be taken
-- ARGV[8]  the last revision of which it has heard
--
-- Answers {ok, what describe() says...}, or {unknown}.

if not isWhole(ARGV[6], ARGV[7], ARGV[8]) then
  return { 'unknown' }
end
local reply = describe()
table.insert(reply, 1, 'ok')
return reply
