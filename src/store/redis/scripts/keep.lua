-- Keeps, changes or forgets a batch, if whoever asks has the right to dispatch.
--
-- KEYS[1]  lead
-- KEYS[2]  batches: delivery id to JSON
-- KEYS[3]  attempts: delivery id to the attempts begun and the moment of the next
-- ARGV[1]  the present moment in milliseconds; empty: the server's time
-- ARGV[2]  token
-- ARGV[3]  delivery id
-- ARGV[4]  the batch; empty: it stays as it is
-- ARGV[5]  attempts begun; 0: the batch is forgotten
-- ARGV[6]  milliseconds until the next
--
-- Answers 1; 0: somebody else has the right; -1: who has it was forgotten with all data.

local lead = redis.call('HMGET', KEYS[1], 'token', 't', 'o')
local token = lead[1]
if token ~= ARGV[2] then
  return { token and 0 or -1 }
end
if ARGV[5] == '0' then
  redis.call('HDEL', KEYS[2], ARGV[3])
  redis.call('HDEL', KEYS[3], ARGV[3])
  return { 1 }
end
local at = present(KEYS[1], ARGV[1], tonumber(lead[2] or 0), tonumber(lead[3] or 0))
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
end
redis.call('HSET', KEYS[3], ARGV[3], ARGV[5] .. ' ' .. integer(at + tonumber(ARGV[6])))
return { 1 }
