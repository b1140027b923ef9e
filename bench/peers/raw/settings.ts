import { readFileSync } from 'node:fs';

/** What the bench tells the floor, in a file. */
export interface Settings {
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly apps: readonly App[];
  /** Of the first app. */
  readonly webhooks: readonly { readonly url: string; readonly eventTypes: readonly string[] }[];
  /** Events in one POST. */
  readonly batchEvents: number;
}

export interface App {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
}

/** The file is the bench's own: its shape is believed. */
export function readSettings(file: string): Settings {
  return JSON.parse(readFileSync(file, 'utf8')) as Settings;
}
