import { expect, test } from 'vitest';
import { clientOptions, environment, serverOptions, urlOf } from '../../../src/emulator/addresses.ts';

const app = { id: '1', key: 'app-key', secret: 'app-secret' };

test('an IPv6 address is in brackets where the libraries put the host into a URL', () => {
  const address = { host: '::1', port: 6001, path: '', isTls: false };
  expect(urlOf(address)).toBe('http://[::1]:6001');
  expect(clientOptions(address, app).wsHost).toBe('[::1]');
  expect(serverOptions(address, app).host).toBe('[::1]');
  expect(environment(address, app)).toMatchObject({ PUSHER_HOST: '[::1]', SOKETIFY_HOST: '::1' });
});
