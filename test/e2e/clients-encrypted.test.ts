import { afterAll, describe, expect, test } from 'vitest';
import { loadWithEncryption, sentByBrowsers } from '../support/e2e/browser.ts';
import { connectClient } from '../support/e2e/client.ts';
import { quickConfig } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { authorize, sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const library = loadWithEncryption();
const hooks = await startReceiver();
const server = await startServer(quickConfig({ url: hooks.url }));
const sdk = sdkFor(server);
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The data of an encrypted event as sent. It contains nothing of the plain text. */
function expectCiphertext(data: unknown, said: string): void {
  const text = String(data);
  expect(text).not.toContain(said);
  expect(JSON.parse(text)).toEqual({
    nonce: expect.stringMatching(base64) as string,
    ciphertext: expect.stringMatching(base64) as string,
  });
}

describe.each(['private-encrypted-talk', 'private-encrypted-cache-talk'])('on %s', (channel) => {
  test('an event is encrypted on the wire and decrypted at the client', async () => {
    const { subscribe } = await connectClient(server, { library });
    const socket = await connectSocket(server);
    await socket.subscribe(channel);
    const talk = await subscribe(channel);
    await sdk.trigger(channel, 'said', { text: 'é ☃ for your eyes only' });
    expect(await talk.data('said')).toEqual({ text: 'é ☃ for your eyes only' });
    const frame = await socket.frames.first(({ event }) => event === 'said');
    expect(Object.keys(frame)).toEqual(['event', 'channel', 'data']);
    expectCiphertext(frame.data, 'eyes only');
  });

  test('the shared secret stays between the client and its own server', async () => {
    const { subscribe, socketId } = await connectClient(server, { library });
    const before = sentByBrowsers.length;
    await subscribe(channel);
    const { auth, shared_secret: secret } = authorize(socketId, channel);
    expect(secret).toMatch(base64);
    expect(sentByBrowsers.slice(before).map((text) => JSON.parse(text) as unknown)).toEqual([
      { event: 'pusher:subscribe', data: { auth, channel } },
    ]);
    expect(sentByBrowsers.join('')).not.toContain(secret);
  });

  test('a subscription without a valid signature is rejected', async () => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:subscribe', data: { channel, auth: '' } });
    const events = (await socket.framesBeforePong()).map(({ event }) => event);
    expect(events).toEqual(['pusher:subscription_error', 'pusher:error']);
  });

  test('the limit of 10 KB applies to the ciphertext', async () => {
    const { subscribe } = await connectClient(server, { library });
    const talk = await subscribe(channel);
    // Encryption and base64 turn three bytes into four.
    await expect(sdk.trigger(channel, 'said', 'x'.repeat(8000))).rejects.toMatchObject({ status: 413 });
    await sdk.trigger(channel, 'long', 'x'.repeat(7500));
    expect(await talk.data('long')).toBe('x'.repeat(7500));
  });
});

describe('an encrypted cache channel', () => {
  test('keeps the ciphertext, which a later subscriber receives and decrypts', async () => {
    const channel = 'private-encrypted-cache-late';
    await sdk.trigger(channel, 'state', { price: 42 });
    const answer = await sdk.get({ path: `/channels/${channel}`, params: { info: 'cache' } });
    const { cache } = (await answer.json()) as { cache: { data: string } };
    expectCiphertext(cache.data, 'price');
    const socket = await connectSocket(server);
    await socket.subscribe(channel);
    await socket.expectFrame({ event: 'state', channel, data: cache.data });
    const { subscribe } = await connectClient(server, { library });
    const late = await subscribe(channel);
    expect(await late.data('state')).toEqual({ price: 42 });
  });

  test('that is empty notifies its subscriber, and its backend once', async () => {
    const channel = 'private-encrypted-cache-empty';
    for (let n = 0; n < 2; n++) {
      const { subscribe } = await connectClient(server, { library });
      const empty = await subscribe(channel);
      expect(await empty.data('pusher:cache_miss')).toEqual({});
    }
    expect(await hooks.eventsOf(channel, 2)).toEqual([
      { name: 'channel_occupied', channel },
      { name: 'cache_miss', channel },
    ]);
    await sdk.trigger(channel, 'state', 'filled');
    const { subscribe } = await connectClient(server, { library });
    const filled = await subscribe(channel);
    expect(await filled.data('state')).toBe('filled');
  });
});

test('encryption is up to the libraries: other data on such a channel is passed on unchanged', async () => {
  const channel = 'private-encrypted-plain';
  const [sender, reader] = [await connectSocket(server), await connectSocket(server)];
  for (const socket of [sender, reader]) await socket.subscribe(channel);
  const body = JSON.stringify({ name: 'said', channels: [channel, 'public'], data: 'not encrypted' });
  expect(await callApi(server, { path: '/apps/1/events', body })).toMatchObject({ status: 200, text: '{}' });
  await reader.expectFrame({ event: 'said', channel, data: 'not encrypted' });
  const data = '{"nonce":"AAAA","ciphertext":"BBBB"}';
  sender.send({ event: 'client-said', channel, data });
  await reader.expectFrame({ event: 'client-said', channel, data });
  expect((await hooks.eventsOf(channel, 2))[1]).toEqual({
    name: 'client_event',
    channel,
    event: 'client-said',
    data,
    socket_id: sender.id,
  });
});
