'use strict';

// The entry points of the built script. Each part is evaluated only when its function is called.

/** Runs the program, which reads the command line. */
exports.openProgram = () => require('../main.ts');

/** Returns the exports of the package. */
exports.openLibrary = () => require('../index.ts');

/** Sets the global object of the tests that load the library. */
exports.seeGlobals = (globals) => require('../system/real.ts').seeGlobals(globals);

/** Runs a worker thread. Call it on that thread. */
exports.openThread = () => require('../node/workers/thread.ts');
