-- From now on only this token, or a later one, may settle events here.
--
-- KEYS[1]  fence
-- ARGV[1]  token

if tonumber(redis.call('GET', KEYS[1]) or 0) <= tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
  return { 1 }
end
return { 0 }
