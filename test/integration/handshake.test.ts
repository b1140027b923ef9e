import { describe, expect, test } from 'vitest';
import { json } from '../../src/transport/http-message.ts';
import type { Route } from '../../src/transport/http.ts';
import { startGateway } from './support/gateway.ts';
import { dial, readUntil, requestHead as request } from './support/http.ts';

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

describe('a request to /app/KEY that is not a handshake', () => {
  const upgrade = ['Upgrade: websocket', 'Connection: Upgrade'];
  const version13 = 'Sec-WebSocket-Version: 13';
  const wanted = "WebSockets only: expected the headers 'Upgrade: websocket' and 'Connection: Upgrade', got";

  test.each<[fields: readonly string[], status: string, text: string, version?: true]>([
    [[], '426 Upgrade Required', `${wanted} nothing and nothing. A proxy must forward both`],
    [
      ['Connection: close', 'Upgrade: websocket', key, version13],
      '426 Upgrade Required',
      `${wanted} 'websocket' and 'close'. A proxy must forward both`,
    ],
    [
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk', key, version13],
      '426 Upgrade Required',
      `${wanted} 'h2c' and 'Upgrade, HTTP2-Settings'. A proxy must forward both`,
    ],
    [
      [...upgrade, key, 'Sec-WebSocket-Version: 8'],
      '426 Upgrade Required',
      "WebSocket version not supported: expected 13, got '8'",
      true,
    ],
    [
      [...upgrade, key],
      '426 Upgrade Required',
      'WebSocket version not supported: expected 13, got nothing',
      true,
    ],
    [
      [...upgrade, 'Sec-WebSocket-Key: short', version13],
      '400 Bad Request',
      "Invalid Sec-WebSocket-Key: expected 24 characters of Base64, got 'short'",
    ],
  ])('with %j gets an error that states what is missing', async (fields, status, text, version) => {
    const stage = await startGateway({ path: '/realtime' });
    for (const path of ['/app/key', '/realtime/app/key?protocol=7']) {
      const socket = await dial(stage, request(`GET ${path}`, ...fields));
      const answer = await readUntil(socket, text);
      expect(answer.split('\r\n')[0]).toBe(`HTTP/1.1 ${status}`);
      expect(answer.split('\r\n\r\n')[1]).toBe(text);
      expect(/\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n/.test(answer)).toBe(status.startsWith('426'));
      expect(answer.includes('\r\nSec-WebSocket-Version: 13\r\n')).toBe(version === true);
    }
    expect(stage.greetings).toEqual([]);
  });

  test('gets the same status by HEAD, and the accepted methods by others', async () => {
    const stage = await startGateway();
    const socket = await dial(
      stage,
      request('HEAD /app/key') + request('POST /app/key', 'Content-Length: 0'),
    );
    const [head, rest] = (await readUntil(socket, 'expected')).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(rest).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
    expect(rest).toContain('\r\nAllow: GET, HEAD, OPTIONS');
  });

  test('on another path is a request like any other', async () => {
    const route: Route = { method: 'get', pattern: '/now', handle: () => json('{"now":true}') };
    const stage = await startGateway({}, [route]);
    const h2c = ['Upgrade: h2c', 'Connection: Upgrade', key, version13];
    expect(await readUntil(await dial(stage, request('GET /now', ...h2c)), '"now"')).toContain(' 200 OK');
    expect(await readUntil(await dial(stage, request('GET /none', ...h2c)), 'such')).toContain(' 404 ');
  });

  test.each([
    [['Upgrade: WebSocket', 'Connection: keep-alive, Upgrade']],
    [['Upgrade: h2c, websocket', 'Connection: upgrade']],
    [['Connection: keep-alive', 'Connection: Upgrade', 'Upgrade: websocket']],
  ])('does not include %j: such a client is accepted', async (fields) => {
    const stage = await startGateway();
    const socket = await dial(stage, request('GET /app/key', ...fields, key, version13));
    expect(await readUntil(socket, 'hello')).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
  });
});
