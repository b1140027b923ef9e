-- Calls the function `one` for each of several partitions, which are on this server.
--
-- KEYS     the keys of the first partition, of the second one, and so on
-- ARGV[1]  how many keys a partition has
-- ARGV[2]  how many arguments a partition has
-- The arguments of the partitions follow.
--
-- Answers a list for each partition: 1 and the answer, or 0 and an error.

local keys, arguments = tonumber(ARGV[1]), tonumber(ARGV[2])
local replies = {}
for index = 0, #KEYS / keys - 1 do
  local succeeded, reply = pcall(
    one,
    { unpack(KEYS, index * keys + 1, (index + 1) * keys) },
    { unpack(ARGV, index * arguments + 3, (index + 1) * arguments + 2) }
  )
  if succeeded then
    table.insert(reply, 1, 1)
  else
    reply = { 0, tostring(type(reply) == 'table' and reply.err or reply) }
  end
  table.insert(replies, reply)
end
return replies
