'use strict';

// The library for `require`. It is loaded by Node's own module system, even inside jest, which has its own `require`. So the library
// stays outside of jest's environment, and fake timers do not stop the emulator.
const { Module } = require('node:module');
const path = require('node:path');

const own = new Module(__filename);
own.filename = __filename; // Playwright checks which file requires something.
const { openLibrary, seeGlobals } = own.require(path.join(__dirname, 'load.cjs'));
const { EmulatorError, connectEmulator, replayRecord, startEmulator, startReceiver } = openLibrary();

// In jest, these are the globals of the test environment, which may be faked.
seeGlobals(globalThis);

module.exports = { EmulatorError, connectEmulator, replayRecord, startEmulator, startReceiver };
