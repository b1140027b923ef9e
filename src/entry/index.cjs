'use strict';

// The library for `require`. It is loaded by Node's own module system, also from inside jest, whose `require` is another one:
// what is loaded so is no part of jest's world, and its fake timers do not stop the emulator.
const { Module } = require('node:module');
const path = require('node:path');

const own = new Module(__filename);
own.filename = __filename; // Playwright looks at who requires something.
const { openLibrary, seeGlobals } = own.require(path.join(__dirname, 'load.cjs'));
const { EmulatorError, connectEmulator, replayRecord, startEmulator, startReceiver } = openLibrary();

// In jest these are its own, and may become fake.
seeGlobals(globalThis);

module.exports = { EmulatorError, connectEmulator, replayRecord, startEmulator, startReceiver };
