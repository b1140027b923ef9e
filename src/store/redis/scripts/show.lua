-- What is true of a channel, for a backend that asks.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the last step that it knows to be taken
-- ARGV[8]  the last revision of which it has heard
-- ARGV[9]  epochs of the node that asks, one to a line: it knows better how many connections it has
--
-- Answers {ok, what describe() says without their connections...}, or {unknown}.

if not isWhole(ARGV[6], ARGV[7], ARGV[8]) then
  return { 'unknown' }
end
local reply = describe()
for epoch in string.gmatch(ARGV[9], '%S+') do
  reply[7] = reply[7] - number('n:' .. epoch)
end
table.insert(reply, 1, 'ok')
return reply
