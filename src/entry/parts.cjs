'use strict';

// Where what is built is entered: it is one script, and each part of it is evaluated only where its door is opened.

/** The program: reads the command line and does what it says. */
exports.openProgram = () => require('../main.ts');

/** What the package exports. */
exports.openLibrary = () => require('../index.ts');

/** Is told what tests see as global. */
exports.seeGlobals = (globals) => require('../system/real.ts').seeGlobals(globals);

/** A worker thread, from within it. */
exports.openThread = () => require('../node/workers/thread.ts');
