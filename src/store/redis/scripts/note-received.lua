-- Notes which events endpoints have received of the channels of a partition.
--
-- KEYS[1]  fence
-- KEYS[2]  received: APP\nENDPOINT to JSON, and `known` if this was ever noted
-- ARGV[1]  token
-- ARGV[2]  1 if everything noted before is replaced
-- ARGV[3]  APP\nENDPOINT, ARGV[4] what is noted of it (empty: nothing any more), and so on
--
-- Answers 1, or 0 if a later token is known.

if tonumber(redis.call('GET', KEYS[1]) or 0) > tonumber(ARGV[1]) then
  return { 0 }
end
if ARGV[2] == '1' then
  redis.call('DEL', KEYS[2])
end
redis.call('HSET', KEYS[2], 'known', '1')
for index = 3, #ARGV, 2 do
  if ARGV[index + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[index])
  else
    redis.call('HSET', KEYS[2], ARGV[index], ARGV[index + 1])
  end
end
return { 1 }
