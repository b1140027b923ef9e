-- Reads the present state of a channel for a backend.
--
-- ARGV[6]  epoch
-- ARGV[7]  number of the last step that the node knows to be taken
-- ARGV[8]  the highest revision that the node has received
-- ARGV[9]  epochs of the asking node, one on each line: the node counts its own connections more exactly
--
-- Answers {ok, the answer of describe() without the connections of these epochs...}, or {unknown}.

if not knowsAll(ARGV[6], ARGV[7], ARGV[8]) then
  return { 'unknown' }
end
local reply = describe()
for epoch in string.gmatch(ARGV[9], '%S+') do
  reply[7] = reply[7] - number('n:' .. epoch)
end
table.insert(reply, 1, 'ok')
return reply
