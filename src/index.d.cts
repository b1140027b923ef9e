export type * from './index.js' with { 'resolution-mode': 'import' };

type Door = typeof import('./index.js', { with: { 'resolution-mode': 'import' } });

/** See the ES module. It is loaded with the first call. */
export declare const startEmulator: Door['startEmulator'];
export declare const startReceiver: Door['startReceiver'];
