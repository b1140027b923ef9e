-- Appends an event for webhooks.
--
-- KEYS[2]  outbox
-- ARGV[3]  the topic that wakes whoever dispatches
-- ARGV[4]  app
-- ARGV[5]  epoch
-- ARGV[6]  number of the step
-- ARGV[7]  the event, JSON
--
-- Answers ok, full (it is to be sent again, as another step), or why the step was refused.

local refusal = refuse(ARGV[5], ARGV[6])
if refusal then
  return { refusal }
end
if IS_FULL then
  return { 'full' }
end
redis.call('XADD', KEYS[2], '*', 'a', ARGV[4], 'j', ARGV[7])
redis.call('SPUBLISH', ARGV[3], '')
return { 'ok' }
