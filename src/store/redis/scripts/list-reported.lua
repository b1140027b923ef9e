-- Lists channels of an app that webhooks may have reported as occupied: a page of the occupied ones, in order, and all that have something
-- due, such as the end of their grace period.
--
-- KEYS[2]  index of the app
-- KEYS[3]  due
-- ARGV[3]  APP\n
-- ARGV[4]  the name after which the page begins; empty: at the beginning
-- ARGV[5]  the maximum number of occupied ones
--
-- Answers the number of occupied ones, their names, and the names of the others.

local app, after = ARGV[3], ARGV[4]
local reply = redis.call('ZRANGEBYLEX', KEYS[2], after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, ARGV[5])
table.insert(reply, 1, #reply)
for _, subject in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  if string.sub(subject, 1, #app) == app then
    table.insert(reply, string.sub(subject, #app + 1))
  end
end
return reply
