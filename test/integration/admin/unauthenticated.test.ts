import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { Admin, token, viewToken } from '../support/admin.ts';

const tokens = { dashboard: { token, viewToken } };

/** The response to these bytes, at least up to the end of its head. */
function rawHttp(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('utf8'));
    });
    socket.once('error', reject);
  });
}

test('an empty header of the client does not hide the one that a proxy adds', async () => {
  const { server } = await Admin.start();
  const answer = await rawHttp(
    server.port,
    'GET /admin/apps HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For:\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n',
  );
  expect(answer).toContain('403 Forbidden');
  expect(answer).toContain('ERR_FORWARDED');
});

test('no body is read from a caller without access, or for a login that is too long', async () => {
  const { server } = await Admin.start(tokens);
  for (const path of ['/admin/apps', '/dashboard/api/apps']) {
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{`;
    expect(await rawHttp(server.port, head)).toContain('401 Unauthorized');
  }
  const login =
    'POST /dashboard/login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{';
  expect(await rawHttp(server.port, login)).toContain('413');
});
