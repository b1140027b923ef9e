-- Whether a user is online. Answers the revision, and 1 or 0.
--
-- KEYS[2]  user

return { revision(), redis.call('EXISTS', KEYS[2]) }
