-- Lists the users who were terminated recently: milliseconds ago, and APP\nUSER, alternately.
--
-- KEYS[2]  ended
-- ARGV[3]  milliseconds

local reply = {}
local found = redis.call('ZRANGEBYSCORE', KEYS[2], integer(AT - tonumber(ARGV[3])), '+inf', 'WITHSCORES')
for index = 1, #found, 2 do
  table.insert(reply, AT - tonumber(found[index + 1]))
  table.insert(reply, found[index])
end
return reply
