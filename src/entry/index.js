// The library for `import`: the same as for `require`, so that a process has it once.
import library from './index.cjs';

export const { EmulatorError, connectEmulator, replayRecord, startEmulator, startReceiver } = library;
