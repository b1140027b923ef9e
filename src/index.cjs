'use strict';

// The program is an ES module, which `require` cannot load on every Node, and jest not at all. It is loaded with the
// first call, by Node's own module system: also from inside jest, whose `require` is another one that knows no
// `import()`. What is loaded so is no part of jest's world: its fake timers do not stop the emulator.
const { Module } = require('node:module');
const path = require('node:path');

const outside = new Module(__filename);
const load = outside.require(path.join(__dirname, 'load.cjs'));

// What is real is taken now, before a test framework can replace it.
outside.require(path.join(__dirname, 'real.cjs'));

exports.EmulatorError = outside.require(path.join(__dirname, 'emulator-error.cjs')).EmulatorError;

/** @type {typeof import('./index.js').startEmulator} */
exports.startEmulator = async (options) => (await load()).startEmulator(options);

/** @type {typeof import('./index.js').startReceiver} */
exports.startReceiver = async (options) => (await load()).startReceiver(options);
