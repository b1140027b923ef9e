'use strict';

// A script, so that `require` of the package has the class at once, and it is the same one that the ES module throws.

/** Every error that the emulator and its receiver throw. */
exports.EmulatorError = class EmulatorError extends Error {
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EmulatorError';
    this.code = code;
  }
};
