-- For scripts that answer for a whole app, and for those by which nodes are heard. After partition.lua.
--
-- What Redis knows is all that is true only while every node has had the time to say what it holds: not after data was
-- lost, not when Redis was away (nodes have let clients in meanwhile), not while it has no memory for what is new.

-- Another process than before has perhaps not got what was written last. Empty where that may not be asked.
local info = redis.pcall('INFO', 'server')
local PROCESS = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''

local noted = redis.call('HMGET', STATE, 'process', 'heard', 'unsure')
-- For a lease what nodes say waits in their connections and arrives, in order. Then they give these up, and what they said.
local IS_HEARD = noted[2] and AT - tonumber(noted[2]) <= LEASE
local WAS_CUT_OFF = noted[2] and (noted[1] ~= PROCESS or not IS_HEARD)

-- A node is heard that asks for this lease. `others`: how many other nodes there may be; `isLost`: it knows that
-- something which was written has been lost.
local function hear(lease, others, isLost)
  if isLost or IS_FULL or WAS_CUT_OFF and others > 0 then
    doubt(lease)
  end
  redis.call('HSET', STATE, 'process', PROCESS, 'heard', integer(AT), 'lease', integer(lease))
end

-- Whether Redis knows all that is true. It does not either if the epoch that asks is not registered, knows of a later
-- step that was taken, or has heard of a later revision.
local function isWhole(epoch, taken, heard)
  local last = redis.call('HGET', STATE, 'e:' .. epoch)
  return last and tonumber(last) >= tonumber(taken) and tonumber(revision()) >= tonumber(heard)
    and IS_HEARD and not WAS_CUT_OFF and not IS_FULL and tonumber(noted[3] or 0) <= AT
end
