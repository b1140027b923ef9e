-- Reports what is due of one channel.

finish()
return 1
