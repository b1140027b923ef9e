import { describe, expect, test } from 'vitest';
import { connect, start } from '../support/emulator.ts';
import { Receiver, type Received } from '../../support/receiver.ts';

/** An emulator with the virtual clock and one endpoint, which responds with `answer`. */
async function answeredBy(answer: (received: Received) => void) {
  const receiver = await Receiver.start(answer);
  const apps = [{ webhooks: [{ url: receiver.url }] }];
  return { receiver, emulator: await start({ clock: 'virtual', patienceMs: 20, apps }) };
}

const acknowledge = ({ response }: Received): void => {
  response.writeHead(200).write('got it');
};

describe('an endpoint that sends its status and does not finish its response', () => {
  test('gets nothing twice, and the next webhook immediately', async () => {
    const { emulator, receiver } = await answeredBy(acknowledge);
    const client = await connect(emulator);
    await client.subscribe('news');
    await emulator.webhooks.waitFor({ name: 'channel_occupied' });
    await client.leave();
    const vacated = await emulator.webhooks.waitFor({ name: 'channel_vacated' });
    await emulator.clock.advance(10 * 60_000);
    expect(receiver.events).toEqual(['channel_occupied news', 'channel_vacated news']);
    expect(vacated.endpoints[0]).toMatchObject({ attempts: 1, lastAttempt: { answer: 'got it' } });
  });

  test('keeps its connection, however far the virtual clock is moved', async () => {
    const { emulator, receiver } = await answeredBy(acknowledge);
    await (await connect(emulator)).subscribe('news');
    await emulator.idle();
    await emulator.clock.advance(10 * 60_000);
    expect(receiver.requests.map(({ response }) => response.destroyed)).toEqual([false]);
  });

  test('gets the webhook again if a fault loses its response', async () => {
    const { emulator, receiver } = await answeredBy(acknowledge);
    emulator.faults.webhooks({ timeout: true, delivered: true, times: 1 });
    await (await connect(emulator)).subscribe('news');
    await emulator.idle();
    expect(receiver.events).toEqual(['channel_occupied news', 'channel_occupied news']);
    expect(emulator.deliveries[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['timeout', 'success']);
  });
});

test('an endpoint that sends interim responses first is waited for', async () => {
  const { emulator, receiver } = await answeredBy(({ response }) => {
    response.writeContinue();
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.end();
  });
  await (await connect(emulator)).subscribe('news');
  await emulator.idle();
  expect(receiver.events).toEqual(['channel_occupied news']);
});

test('the response of an endpoint is in the record of the attempt', async () => {
  const answers = ['wrong signature', 'still wrong', ''];
  const { emulator } = await answeredBy(({ response }) => {
    const body = answers.shift() ?? '';
    if (body === '') response.writeHead(204).end();
    else
      response
        .writeHead(401, { 'WWW-Authenticate': `Basic realm="${'x'.repeat(300)}"`, 'X-Own': '1' })
        .end(body);
  });
  await (await connect(emulator)).subscribe('news');
  await emulator.idle();
  const [delivery] = emulator.deliveries;
  expect(delivery?.attempts.map(({ status, answer }) => ({ status, answer }))).toEqual([
    { status: 401, answer: 'wrong signature' },
    { status: 401, answer: 'still wrong' },
    { status: 204, answer: undefined },
  ]);
  const realm = `Basic realm="${'x'.repeat(187)}`;
  expect(delivery?.attempts.map(({ answerHeaders }) => answerHeaders)).toEqual([
    { 'www-authenticate': realm },
    { 'www-authenticate': realm },
    undefined,
  ]);
});
