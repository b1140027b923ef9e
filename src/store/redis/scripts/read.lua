-- What is true of a channel at this moment.
--
-- ARGV[6]  epochs of the node that asks, one to a line: it knows better how many connections it has
--
-- Answers what describe() says, without their connections.

local reply = describe()
for epoch in string.gmatch(ARGV[6], '%S+') do
  reply[7] = reply[7] - number('n:' .. epoch)
end
return reply
