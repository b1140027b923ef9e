#!/usr/bin/env node
'use strict';

// Starts the program, and stores the code that V8 has compiled of the scripts for which none is stored yet.
const { isCaching, keepCompiled, openIoredis, openProgram } = require('./load.cjs');

/** After this time, a running server has compiled most of the functions that it needs. */
const keepAfterMs = 5000;

/** Resolves when everything requested has started; true if that includes a server. */
const { started } = openProgram();
if (isCaching)
  void started.then((isServing) => isServing && setTimeout(() => keepCompiled(), keepAfterMs).unref());

module.exports = { started, keepCompiled, openIoredis };
