import { describe, expect, test } from 'vitest';
import type { GatewayOptions } from '../../src/transport/gateway.ts';
import type { Greeting } from '../../src/ports/greeting.ts';
import { Client } from './support/client.ts';
import { startGateway } from './support/gateway.ts';
import { believing, pair } from './support/tls.ts';

type Headers = Record<string, string | string[]>;

/** What the gateway knows of a client with these headers. */
async function greet(
  given: Partial<GatewayOptions>,
  headers: Headers = {},
  host = '127.0.0.1',
): Promise<Greeting | undefined> {
  const { port, greetings } = await startGateway(given);
  const scheme = given.tls === undefined ? 'ws' : 'wss';
  const url = `${scheme}://${host}:${port}/app/a%20key?protocol=7&client=js`;
  // ws takes an array for several headers of one name, like node:http.
  const client = new Client(url, [], { ...believing, headers: headers as Record<string, string> });
  await client.next('hello');
  return greetings[0];
}

const forwarded = { 'X-Forwarded-For': '198.51.100.1', 'X-Forwarded-Proto': 'https' };
const trustedProxies = ['127.0.0.0/8'];

describe('a client', () => {
  test('is described by its key, protocol, origin and address', async () => {
    expect(await greet({}, { Origin: 'https://a.example' })).toMatchObject({
      key: 'a key',
      protocol: '7',
      origin: 'https://a.example',
      isSecure: false,
      remoteAddress: '127.0.0.1',
    });
  });

  test('without an origin has none', async () => {
    expect(await greet({})).toMatchObject({ origin: undefined });
  });

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '::1'],
  ])(
    'with the address %s on a listener for IPv4 and IPv6 has the address %s',
    async (host, remoteAddress) => {
      expect(await greet({ host: '::' }, {}, host)).toMatchObject({ remoteAddress });
    },
  );

  test('with TLS is secure', async () => {
    expect(await greet({ tls: pair('localhost') })).toMatchObject({ isSecure: true });
    const plainly = { 'X-Forwarded-Proto': 'http' };
    expect(await greet({ tls: pair('localhost'), trustedProxies }, plainly)).toMatchObject({
      isSecure: true,
    });
  });
});

describe('the headers of proxies', () => {
  test.each([[[]], [['10.0.0.0/8']]])('are ignored when %j are trusted', async (networks) => {
    expect(await greet({ trustedProxies: networks }, forwarded)).toMatchObject({
      isSecure: false,
      remoteAddress: '127.0.0.1',
    });
  });

  test('are used if they come from a trusted one', async () => {
    expect(await greet({ trustedProxies }, forwarded)).toMatchObject({
      isSecure: true,
      remoteAddress: '198.51.100.1',
    });
  });

  test.each([
    ['wss', true],
    ['HTTPS', true],
    ['https, http', true],
    ['http', false],
    ['http, https', false],
    ['', false],
  ])('with the scheme "%s" make it secure: %s', async (proto, isSecure) => {
    expect(await greet({ trustedProxies }, { 'X-Forwarded-Proto': proto })).toMatchObject({ isSecure });
  });

  test('in a second header count more than what the client itself sent in the first', async () => {
    const headers = { 'X-Forwarded-For': ['203.0.113.9', '198.51.100.1'] };
    expect(await greet({ trustedProxies }, headers)).toMatchObject({ remoteAddress: '198.51.100.1' });
  });
});
