import { readFileSync } from 'node:fs';

/** The settings of the floor, which the bench writes to a file. */
export interface Settings {
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly apps: readonly App[];
  /** The webhook endpoints of the first app. */
  readonly webhooks: readonly { readonly url: string; readonly eventTypes: readonly string[] }[];
  /** The number of events in one POST. */
  readonly batchEvents: number;
}

export interface App {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
}

/** Reads the file without checks, because the bench has written it. */
export function readSettings(file: string): Settings {
  return JSON.parse(readFileSync(file, 'utf8')) as Settings;
}
