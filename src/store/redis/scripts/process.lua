-- The process of Redis. Another one may lack the last writes. Empty if INFO is not allowed.

local info = redis.pcall('INFO', 'server')
local PROCESS = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
