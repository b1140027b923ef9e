import type * as door from './index.js' with { 'resolution-mode': 'import' };

export type * from './index.js' with { 'resolution-mode': 'import' };

export { EmulatorError } from './emulator/emulator-error.cjs';

/** See the ES module. It is loaded with the first call. */
export declare const startEmulator: typeof door.startEmulator;
export declare const startReceiver: typeof door.startReceiver;
