import { request as httpRequest } from 'undici';
import { expect } from 'vitest';
import type { Emulator, EmulatorOptions } from '../../../src/index.ts';
import { startStage } from './emulator.ts';

/** An emulator that serves the control API, with one endpoint. */
export const stage = (options: EmulatorOptions = {}) => startStage({ control: true, ...options });

/** One request to the control API. */
export async function ask(
  { url }: Pick<Emulator, 'url'>,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  { body, headers = {} }: { readonly body?: unknown; readonly headers?: Record<string, string> } = {},
): Promise<{ readonly status: number; readonly json: unknown }> {
  const answer = await httpRequest(`${url}/control${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.statusCode, json: JSON.parse(await answer.body.text()) as unknown };
}

/** The answer of a refusal. */
export const errorOf = (code: string, message: RegExp) => ({
  error: { code, message: expect.stringMatching(message) as string },
});
