'use strict';

// Real time, as it is when this file is loaded. Test frameworks replace these functions later, on the very objects of
// Node's modules too, and a server in the same process must not stop with them. Nobody else takes them from Node. It is
// a script, so that whoever requires the package has it loaded at once: the rest of the package is loaded with the first call.
const { performance } = require('node:perf_hooks');
const process = require('node:process');
const timers = require('node:timers');

exports.setTimeout = timers.setTimeout;
exports.clearTimeout = timers.clearTimeout;
exports.setImmediate = timers.setImmediate;
exports.performanceNow = performance.now.bind(performance);
exports.dateNow = Date.now;
exports.hrtime = process.hrtime.bigint.bind(process.hrtime);
