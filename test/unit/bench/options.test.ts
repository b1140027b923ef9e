import { describe, expect, test } from 'vitest';
import { readOptions, type Options } from '../../../bench/load/options.ts';
import { sockudoConfig } from '../../../bench/load/servers/sockudo.ts';

const known = ['fan-out', 'soak'];

function read(...args: readonly string[]): Options {
  const options = readOptions(args, known);
  if (typeof options === 'string') throw new Error(options);
  return options;
}

describe('the options of the bench', () => {
  test('offer Sockudo only if its program is given', () => {
    expect(read().targets).toEqual(['emulator', 'raw', 'soketi']);
    // Node prints its version, too.
    expect(read('--sockudo', process.execPath).targets).toEqual(['emulator', 'raw', 'soketi', 'sockudo']);
  });

  test('explain how to give the program of Sockudo if it is missing', () => {
    expect(readOptions(['--targets', 'emulator,sockudo'], known)).toContain('pass it with --sockudo PATH');
  });

  test('reject a program that does not print its version', () => {
    const text = readOptions(['--sockudo', '/nowhere/sockudo'], known);
    expect(text).toContain('got "/nowhere/sockudo", which did not print its version: ');
  });

  test('allow workers for the emulator only', () => {
    expect(read('--targets', 'emulator+workers2').targets).toEqual(['emulator+workers2']);
    expect(readOptions(['--targets', 'raw+workers2'], known)).toContain('"raw" has no setting for workers');
    expect(readOptions(['--targets', 'emulator+workers0'], known)).toContain('no variant "workers0"');
  });

  test('reject variants that Sockudo does not have here', () => {
    const text = readOptions(['--sockudo', process.execPath, '--targets', 'sockudo+redis'], known);
    expect(text).toContain('"sockudo" is measured without Redis');
  });
});

describe('the configuration of Sockudo', () => {
  test('gives endpoints to the first app only, and keeps everything in memory', () => {
    const webhooks = [{ url: 'http://127.0.0.1:9/', eventTypes: ['channel_occupied'] }];
    const config = sockudoConfig({ webhooks, appCount: 2, batchEvents: 7 }, { tls: null });
    expect(config).toMatchObject({
      host: '127.0.0.1',
      adapter: { driver: 'local' },
      queue: { driver: 'memory' },
      rate_limiter: { enabled: false },
      webhooks: { batching: { size: 7 } },
      app_manager: {
        array: {
          apps: [
            {
              id: '1',
              policy: { webhooks: [{ url: 'http://127.0.0.1:9/', event_types: ['channel_occupied'] }] },
            },
            { id: '2', policy: { webhooks: [] } },
          ],
        },
      },
    });
    expect(config).not.toHaveProperty('ssl');
  });
});
