#!/usr/bin/env node
'use strict';

// Starts the program, and has kept what V8 compiled of it where nothing was kept before.
const { keepCompiled, openProgram, wantsKeeping } = require('./load.cjs');

/** A server that has served for so long has compiled most of what it needs. */
const keepAfterMs = 5000;

/** Resolves when all that was asked for has begun: whether a server was. */
const { started } = openProgram();
if (wantsKeeping)
  void started.then((isServing) => isServing && setTimeout(keepCompiled, keepAfterMs).unref());

module.exports = { started, keepCompiled };
