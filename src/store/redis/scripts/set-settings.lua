-- Keeps settings that were changed at run time, unless they were changed by another node meanwhile. Notifies all nodes.
--
-- KEYS[1]  settings, a hash: revision, text
-- ARGV[1]  the revision that the asking node knows; empty: none
-- ARGV[2]  the new revision
-- ARGV[3]  the text
-- ARGV[4]  the topic
--
-- Answers 1, or 0 if there is another revision.

if (redis.call('HGET', KEYS[1], 'revision') or '') ~= ARGV[1] then
  return { 0 }
end
redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'text', ARGV[3])
redis.call('SPUBLISH', ARGV[4], ARGV[2])
return { 1 }
