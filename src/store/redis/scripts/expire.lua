-- Reports what is due for one channel.

finish()
return 1
