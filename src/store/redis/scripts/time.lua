-- The present moment in milliseconds. It never goes back, neither when the server's clock is set nor on another server. Two fields of a
-- hash ensure that: `t`, the latest moment seen, and `o`, the offset that is added to the server's time.

local function integer(number)
  return string.format('%.0f', number)
end

-- `given`: a moment in place of the server's time; empty: none. `last` and `offset`: the present values of `t` and `o`.
local function present(key, given, last, offset)
  if given ~= '' then
    return tonumber(given)
  end
  local time = redis.call('TIME')
  local at = time[1] * 1000 + math.floor(time[2] / 1000) + offset
  if at > last then
    redis.call('HSET', key, 't', integer(at))
  elseif at < last then
    redis.call('HSET', key, 'o', integer(offset + last - at))
    at = last
  end
  return at
end
