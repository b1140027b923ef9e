-- For scripts that answer for all nodes, and for those by which nodes register and send heartbeats. After process.lua and partition.lua.
--
-- Redis knows the whole truth only if every node has had time to report what it holds. That is not so after a loss of data, after an
-- outage (because nodes admit clients meanwhile), or while there is no memory for anything new.

local contact = redis.call('HMGET', STATE, 'process', 'heard', 'unsure')
-- For one lease, steps of nodes wait in their connections and arrive in order. After that the nodes close these, and the steps are lost.
local IS_IN_CONTACT = contact[2] and AT - tonumber(contact[2]) <= LEASE
local WAS_CUT_OFF = contact[2] and (contact[1] ~= PROCESS or not IS_IN_CONTACT)

-- Notes that a node was in contact. `others`: how many other nodes there may be. `isLost`: the node knows that writes were lost. More
-- fields of the state, each with its value, may follow.
local function noteContact(lease, others, isLost, ...)
  if isLost or IS_FULL or WAS_CUT_OFF and others > 0 then
    markUnsure(lease)
  end
  redis.call('HSET', STATE, 'process', PROCESS, 'heard', integer(AT), 'lease', integer(lease), ...)
end

-- Whether Redis knows the whole truth. It does not if the asking epoch is not registered, knows that a later step was taken, or has
-- received a later revision.
local function knowsAll(epoch, taken, received)
  local last = redis.call('HGET', STATE, 'e:' .. epoch)
  return last and tonumber(last) >= tonumber(taken) and tonumber(revision()) >= tonumber(received)
    and IS_IN_CONTACT and not WAS_CUT_OFF and not IS_FULL and tonumber(contact[3] or 0) <= AT
end
