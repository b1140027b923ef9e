import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const built = new URL('../../dist/index.js', import.meta.url).href;

test('a closed receiver leaves nothing behind that keeps the process alive', async () => {
  const program = `
    import { connect } from 'node:net';
    import { startReceiver } from ${JSON.stringify(built)};
    const receiver = await startReceiver();
    receiver.respondWith({ delayMs: 3_600_000 });
    receiver.waitFor({}, { timeoutMs: 3_600_000 }).catch(() => {});
    const sender = connect(receiver.port, '127.0.0.1').on('error', () => {});
    sender.write('POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\r\\n');
    await receiver.waitForWebhook();
    await receiver.close();
    console.log('closed');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(tooLong);
  expect({ code, output }).toEqual({ code: 0, output: 'closed\n' });
});
