-- Keeps, changes or forgets a batch, if the asking node dispatches.
--
-- KEYS[1]  lead; see lead.lua
-- KEYS[2]  batches: delivery id to JSON
-- KEYS[3]  attempts: delivery id to how many attempts have started, the moment of the next one, and until when the first may last
--          (present only until the first has failed)
-- ARGV[1]  the present moment in milliseconds; empty: the server's time
-- ARGV[2]  the asking node
-- ARGV[3]  its token
-- ARGV[4]  delivery id
-- ARGV[5]  the batch; empty: unchanged
-- ARGV[6]  how many attempts have started; 0: forget the batch
-- ARGV[7]  milliseconds until the next attempt
-- ARGV[8]  milliseconds until the first attempt has certainly ended; 0: unknown
--
-- Answers 1; 0: the node does not dispatch any more; -1: Redis has lost all data about who dispatches, and this node has not asked since.

local lead = redis.call('HMGET', KEYS[1], 'node:' .. ARGV[2], 'owner', 'token', 't', 'o', 'open')
local at = present(KEYS[1], ARGV[1], tonumber(lead[4] or 0), tonumber(lead[5] or 0))
if not lead[1] or lead[2] ~= '*' or string.match(lead[1], '%d+$') ~= ARGV[3] then
  -- Partitions are still reserved for their former owners, even if another one has asked already.
  local isReserved = not lead[1] and lead[2] == '*' and tonumber(lead[6] or 0) > at
  return { (isReserved or not lead[3]) and -1 or 0 }
end
if ARGV[6] == '0' then
  redis.call('HDEL', KEYS[2], ARGV[4])
  redis.call('HDEL', KEYS[3], ARGV[4])
  return { 1 }
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
end
local attempts = ARGV[6] .. ' ' .. integer(at + tonumber(ARGV[7]))
if ARGV[8] ~= '0' then
  attempts = attempts .. ' ' .. integer(at + tonumber(ARGV[8]))
end
redis.call('HSET', KEYS[3], ARGV[4], attempts)
return { 1 }
