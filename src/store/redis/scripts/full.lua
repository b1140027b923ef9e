-- Whether Redis has no memory left (maxmemory). It refuses the first write of a script if that takes memory, and allows all writes after
-- one that takes none. So departures and changes of what is known still work. Scripts must check IS_FULL before they add anything new.
--
-- KEYS[1]  state of a partition, a hash

local asked = redis.pcall('HSETNX', KEYS[1], 't', 0)
local IS_FULL = type(asked) == 'table' and string.find(asked.err, 'OOM', 1, true) ~= nil
if IS_FULL then
  redis.call('HDEL', KEYS[1], '')
end
