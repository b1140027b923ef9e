-- Appends an event for webhooks.
--
-- KEYS[2]  outbox
-- ARGV[3]  the topic that wakes whoever dispatches
-- ARGV[4]  app
-- ARGV[5]  epoch
-- ARGV[6]  number of the step
-- ARGV[7]  the event, JSON

local refusal = refuse(ARGV[5], ARGV[6])
if refusal then
  return { refusal }
end
redis.call('XADD', KEYS[2], '*', 'a', ARGV[4], 'j', ARGV[7])
redis.call('SPUBLISH', ARGV[3], '')
return { 'ok' }
