-- Keeps what was set at run time, unless somebody has written since, and tells all nodes.
--
-- KEYS[1]  settings, a hash: revision, text
-- ARGV[1]  the revision that is there as far as whoever asks knows; empty: none
-- ARGV[2]  the revision that is to be there
-- ARGV[3]  the text
-- ARGV[4]  the topic
--
-- Answers 1; 0: another revision is there.

if (redis.call('HGET', KEYS[1], 'revision') or '') ~= ARGV[1] then
  return { 0 }
end
redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'text', ARGV[3])
redis.call('SPUBLISH', ARGV[4], ARGV[2])
return { 1 }
