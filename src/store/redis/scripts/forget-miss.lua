-- Forgets a cache miss whose webhook reached no endpoint, so that the next miss is reported.
--
-- ARGV[6]  episode

local miss = redis.call('HGET', CHANNEL, 'miss')
if miss and string.match(miss, '^%S+') == ARGV[6] then
  redis.call('HDEL', CHANNEL, 'miss')
  notice('miss', {})
end
return 1
