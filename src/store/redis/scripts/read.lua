-- What is true of a channel at this moment.

return describe()
