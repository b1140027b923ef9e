-- Requests that an endpoint be sent what it has missed of the channels of a partition.
--
-- KEYS[1]  debts; see owe.lua
-- KEYS[2]  asked: the requests that the owner of the partition may not have received, a set of APP\nENDPOINT\n
-- ARGV[1]  the topic that wakes the owner of the partition
-- ARGV[2]  APP\nENDPOINT\n
--
-- Answers the number of channels.

local asked = ARGV[2]
local debts = redis.call('HGETALL', KEYS[1])
local count = 0
for index = 1, #debts, 2 do
  if debts[index + 1] ~= '' and string.sub(debts[index], 1, #asked) == asked then
    redis.call('HSET', KEYS[1], debts[index], 'asked')
    count = count + 1
  end
end
-- Also without debts: the owner may be about to find some.
redis.call('SADD', KEYS[2], asked)
redis.call('SPUBLISH', ARGV[1], asked)
return { count }
