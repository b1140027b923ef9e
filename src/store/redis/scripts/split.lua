-- Replaces a batch whose partitions have two owners now by two batches.
--
-- KEYS[1]  lead; see lead.lua
-- KEYS[2]  batches: delivery id to JSON
-- KEYS[3]  attempts; see keep.lua
-- ARGV[1]  the asking node
-- ARGV[2]  its token
-- ARGV[3]  delivery id
-- ARGV[4]  id of the first part, ARGV[5] the part, ARGV[6] id of the second, ARGV[7] the part
--
-- Answers 1, or 0 if the node does not dispatch, or the batch does not exist any more.

local node = redis.call('HGET', KEYS[1], 'node:' .. ARGV[1])
if not node or string.match(node, '%d+$') ~= ARGV[2] or redis.call('HDEL', KEYS[2], ARGV[3]) == 0 then
  return { 0 }
end
local attempts = redis.call('HGET', KEYS[3], ARGV[3])
redis.call('HDEL', KEYS[3], ARGV[3])
for index = 4, 6, 2 do
  redis.call('HSET', KEYS[2], ARGV[index], ARGV[index + 1])
  if attempts then
    redis.call('HSET', KEYS[3], ARGV[index], attempts)
  end
end
return { 1 }
