-- Reports what is due for one channel.
--
-- ARGV[6]  1: subscribers and webhooks receive the count; 0: they do not; empty: the node does not know the app

sendsCounts = ARGV[6]
finish()
return 1
