-- The cache_miss webhook of an episode reached nobody: the next miss is a new one.
--
-- ARGV[6]  episode

local standing = redis.call('HGET', CHANNEL, 'miss')
if standing and string.match(standing, '^%S+') == ARGV[6] then
  redis.call('HDEL', CHANNEL, 'miss')
  notice('miss', {})
end
return 1
