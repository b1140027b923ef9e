/** @jest-environment jsdom */
// A component test with the page of jsdom and the browser version of pusher-js.
const Backend = require('pusher');
const Pusher = require('pusher-js');
const { startEmulator } = require('soketify-emulator');

/* global document, test, expect, beforeAll, afterAll */

let soketify;
beforeAll(async () => {
  soketify = await startEmulator({
    clock: 'virtual',
    apps: [{ webhooks: [{ url: 'http://127.0.0.1:9/' }] }],
  });
});
afterAll(() => soketify.close());

test('the page shows published events', async () => {
  const client = new Pusher(soketify.key, soketify.clientOptions());
  const shown = new Promise((resolve) => {
    client.subscribe('news').bind('headline', ({ text }) => {
      document.body.textContent = text;
      resolve();
    });
  });
  await new Promise((resolve) => {
    client.channel('news').bind('pusher:subscription_succeeded', resolve);
  });
  await new Backend(soketify.serverOptions()).trigger('news', 'headline', { text: 'It works' });
  await shown;
  expect(document.body.textContent).toBe('It works');
  client.disconnect();
});
