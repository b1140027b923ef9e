-- Settles events: notes which endpoints are done with them.
--
-- KEYS[1]  fence
-- KEYS[2]  outbox
-- KEYS[3]  settled: entry id to the endpoints that are done with it while others are not, one on each line
-- ARGV[1]  token
-- ARGV[2]  entry id, ARGV[3] endpoint id (empty: all endpoints are done, and the event is deleted), and so on
--
-- Answers 1, or 0 if a later token is known.

if tonumber(redis.call('GET', KEYS[1]) or 0) > tonumber(ARGV[1]) then
  return { 0 }
end
for index = 2, #ARGV, 2 do
  local id, endpoint = ARGV[index], ARGV[index + 1]
  if endpoint == '' then
    redis.call('XDEL', KEYS[2], id)
    redis.call('HDEL', KEYS[3], id)
  else
    local before = redis.call('HGET', KEYS[3], id)
    redis.call('HSET', KEYS[3], id, before and before .. '\n' .. endpoint or endpoint)
  end
end
return { 1 }
