-- Reads the present state of a channel.

return describe()
