import { expect, it } from 'vitest';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import { FakeDisk } from '../../support/property/fake-disk.ts';
import { defaultPolicy } from '../../support/property/delivery-shell.ts';
import { Stack, type StackOptions } from '../../support/property/stack.ts';
import { application, endpoint } from '../../support/unit/application.ts';

const url = 'http://receiver/hook';

/** A program with one endpoint, and anna on `presence-room`, which the endpoint knows. */
async function begin(given: Partial<Omit<Endpoint, 'eventTypes'>> = {}, options: Partial<StackOptions> = {}) {
  const app = application({ endpoints: [endpoint({ url, ...given })] });
  const stack = new Stack({ applications: [app], policy: defaultPolicy, ...options });
  await stack.start();
  const anna = stack.connect(app);
  anna.subscribe('presence-room', 'anna');
  await stack.clock.advance(1000);
  const receiver = stack.receivers.get(url) ?? expect.fail('there is no receiver');
  const read = async (id = 'main') =>
    (await stack.truth(app.id, id)) ?? expect.fail('there is no such endpoint');
  const put = async (...endpoints: readonly Partial<Endpoint>[]) => {
    const all = endpoints.map((one) => ({ ...endpoint({ url, ...given }), ...one }));
    stack.reload([{ ...app, endpoints: all }]);
    await stack.clock.advance(0);
  };
  return { app, stack, anna, receiver, read, put };
}

const time = String.raw`\d\d:\d\d:\d\d\.\d{3} UTC`;

it('reports that an endpoint that has received everything believes the truth, and how much that is', async () => {
  const { read } = await begin();
  expect(await read()).toMatchObject({ channels: 1, members: 1, differing: 0, differences: [], limits: [] });
});

it('knows no endpoint that is not configured', async () => {
  const { stack, app } = await begin();
  expect(await stack.truth(app.id, 'other')).toBeUndefined();
  expect(await stack.truth('other', 'main')).toBeUndefined();
});

it('reports until when a member who has left may return', async () => {
  const { anna, read, stack } = await begin();
  anna.unsubscribe('presence-room');
  await stack.clock.advance(100);
  const { differences, canReconcile } = await read();
  expect(canReconcile).toBe(false);
  expect(differences).toMatchObject([
    {
      channel: 'presence-room',
      believed: 'there',
      actual: 'gone',
      heals: true,
      // Nothing was reported 1000 ms after the start; the grace is 3 s.
      why: 'The last subscriber has left and may return until 22:13:24.010 UTC; then channel_vacated follows',
    },
    {
      userId: 'anna',
      why: 'The user has left and may return until 22:13:24.010 UTC; then member_removed follows',
    },
  ]);
});

it('reports that an event waits, for what, and that the endpoint is failing', async () => {
  const { read, receiver, stack, app, put } = await begin();
  receiver.downUntil(Infinity);
  const client = stack.connect(app);
  client.subscribe('news');
  const whyOf = async () => (await read()).differences.map(({ why, heals }) => [why, heals]);
  expect(await whyOf()).toEqual([['channel_occupied waits to be sent', true]]);
  await stack.clock.advance(251);
  expect((await whyOf())[0]?.[0]).toMatch(
    /^channel_occupied is being delivered: attempt 2 starts in \d(\.\d)? s$/,
  );
  await stack.clock.advance(20_000);
  expect((await whyOf())[0]?.[0]).toMatch(
    /^channel_occupied is being delivered: attempt \d+ .*; the endpoint is currently failing$/,
  );
  client.unsubscribe('news');
  await stack.clock.advance(4000);
  // It believes that nobody is there, which is true: what waits cancels out.
  expect(await whyOf()).toEqual([]);
  stack.connect(app).subscribe('news');
  expect((await whyOf())[0]?.[0]).toMatch(/^channel_occupied is being delivered/);
  await put({ heldSinceMs: 1_700_000_000_000 });
  expect(await whyOf()).toEqual([
    ['channel_occupied waits, because the endpoint has been paused since 22:13:20.000 UTC', false],
  ]);
});

it('reports that an event waits behind an earlier delivery of its channel', async () => {
  const { anna, app, read, receiver, stack } = await begin();
  receiver.downUntil(Infinity);
  stack.connect(app).subscribe('presence-room', 'bert');
  await stack.clock.advance(251);
  stack.connect(app).subscribe('presence-room', 'carl');
  anna.unsubscribe('presence-room');
  const { differences } = await read();
  expect(differences.find(({ userId }) => userId === 'carl')?.why).toMatch(
    /^member_added waits behind an earlier delivery of this channel: attempt 2 starts in /,
  );
});

it.each([
  [
    'expired',
    { reconcile: false },
    'the endpoint did not accept it in time; it stays so until the endpoint is reconciled on request',
    false,
  ],
  [
    'expired',
    { reconcile: true },
    'the endpoint did not accept it in time; it is sent the true state once it accepts deliveries again',
    true,
  ],
  [
    'overflow',
    { reconcile: false },
    'too much waited for the endpoint; it stays so until the endpoint is reconciled on request',
    false,
  ],
] as const)(
  'reports that an event was dropped (%s), and whether that heals, with %o',
  async (reason, given, why, heals) => {
    const policy = { ...defaultPolicy, ...(reason === 'overflow' && { queueMaxBytes: 1200 }) };
    const { app, read, receiver, stack } = await begin(given, { policy });
    receiver.downUntil(Infinity);
    const client = stack.connect(app);
    for (const name of ['one', 'two', 'three']) client.subscribe(name);
    await stack.clock.advance(reason === 'expired' ? 301_000 : 10);
    const { differences, canReconcile } = await read();
    const [lost] = differences.filter((one) => one.why.includes('was dropped'));
    expect(lost).toMatchObject({ channel: 'one', believed: 'gone', actual: 'there', heals });
    expect(lost?.why).toMatch(new RegExp(`^channel_occupied was dropped at ${time}, because ${why}$`));
    expect(canReconcile).toBe(true);
  },
);

it('reports that an endpoint is disabled, so that nothing heals, and can repair it once it is enabled', async () => {
  const { app, read, put, stack, anna, receiver } = await begin();
  await put({ isEnabled: false });
  stack.connect(app).subscribe('news');
  anna.unsubscribe('presence-room');
  await stack.clock.advance(100);
  const off = await read();
  expect(off.canReconcile).toBe(false);
  expect(off.limits).toEqual(['It is disabled: new events are dropped, and nothing heals by itself.']);
  expect(off.differences.map(({ heals }) => heals)).toEqual([false, false, false]);
  expect(off.differences.map(({ why }) => why).join('\n')).toMatch(
    /the endpoint is disabled, so it is not notified\n.*\nchannel_occupied was dropped .* because the endpoint was disabled/,
  );
  await stack.clock.advance(10_000);
  await put({});
  expect(await read()).toMatchObject({ differing: 3, canReconcile: true });
  expect(await stack.reconciler.reconcile(app.id, 'main')).toBe(2);
  await stack.clock.advance(1000);
  expect(await read()).toMatchObject({ differing: 0 });
  expect(
    receiver.taken
      .slice(2)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['channel_occupied', 'channel_vacated', 'member_removed']);
});

it('reports what was there before an endpoint was added, and sends it on request', async () => {
  const { app, read, put, stack } = await begin();
  await put({}, { id: 'late', url: `${url}/late` });
  const late = await read('late');
  expect(late).toMatchObject({ differing: 2, canReconcile: true });
  expect(late.differences[0]).toMatchObject({
    channel: 'presence-room',
    believed: 'gone',
    actual: 'there',
    heals: false,
  });
  expect(late.differences[0]?.why).toMatch(
    new RegExp(`^It was there before the endpoint was added at ${time}; it stays so until`),
  );
  expect((await read()).differing).toBe(0);
  expect(await stack.reconciler.reconcile(app.id, 'late')).toBe(1);
  const sent = await read('late');
  expect(sent.differences.map(({ why, heals }) => [why, heals])).toEqual([
    [
      'It was there before the endpoint was added at 22:13:21.010 UTC; it is sent the true state once it accepts deliveries again',
      true,
    ],
    [
      'It was there before the endpoint was added at 22:13:21.010 UTC; it is sent the true state once it accepts deliveries again',
      true,
    ],
  ]);
});

it('sends a reconciled endpoint that is added the current state without a request', async () => {
  const { read, put, stack } = await begin();
  await put({}, { id: 'late', url: `${url}?again`, reconcile: true });
  expect((await read('late')).differences.map(({ heals }) => heals)).toEqual([true, true]);
  await stack.clock.advance(10);
  expect((await read('late')).differences.map(({ why }) => why)).toEqual([
    'channel_occupied waits to be sent',
    'member_added waits to be sent',
  ]);
});

it('reports what an endpoint does not select, and does not count that as a difference', async () => {
  const { app, read, put, stack } = await begin();
  stack.connect(app).subscribe('news');
  await stack.clock.advance(1000);
  const eventTypes = new Set(['channel_occupied', 'channel_vacated', 'member_added'] as const);
  await put({ eventTypes, channels: { startsWith: 'presence-', endsWith: '' } });
  expect(await read()).toMatchObject({
    channels: 1,
    members: 0,
    differing: 0,
    limits: [
      'It selects only one of member_added and member_removed: members are not compared.',
      "It selects only channels whose names start with 'presence-': 1 occupied channel is left out.",
      'Its event types or its channel filter were changed, or it was removed for a while: it may believe that somebody is there who left while it did not select such events.',
    ],
  });
});

it('does not claim that an endpoint knows the truth if its event types are not comparable', async () => {
  const { read, put } = await begin();
  await put({ eventTypes: new Set(['channel_occupied', 'member_added', 'client_event'] as const) });
  const truth = await read();
  expect(truth).toMatchObject({ channels: 0, members: 0, differences: [], canReconcile: false });
  expect(truth.unknown).toMatch(/^Its event types contain neither both channel_occupied and/);
});

it('does not claim to know what an endpoint believes that selected only part of the events for a while', async () => {
  const { anna, read, put, stack } = await begin();
  await put({ eventTypes: new Set(['channel_occupied', 'channel_vacated'] as const) });
  await put({});
  const { differences } = await read();
  expect(differences).toMatchObject([{ userId: 'anna', believed: 'unknown', actual: 'there', heals: false }]);
  expect(differences[0]?.why).toMatch(/settings were changed: what it was last sent is not known$/);
  anna.unsubscribe('presence-room');
  await stack.clock.advance(10_000);
  expect(await read()).toMatchObject({ differing: 0 });
});

it('knows what was dropped in an earlier run of the process', async () => {
  const disk = new FakeDisk();
  const { app, anna, receiver, stack } = await begin({}, { disk });
  receiver.downUntil(stack.clock.now() + 305_000);
  anna.unsubscribe('presence-room');
  await stack.clock.advance(310_000);
  stack.kill();
  const after = new Stack({ applications: [app], policy: defaultPolicy, disk, before: stack });
  await after.start();
  const view = await after.truth(app.id, 'main');
  expect(view?.differences).toMatchObject([
    { channel: 'presence-room', believed: 'there', actual: 'gone', heals: false },
    { channel: 'presence-room', userId: 'anna', believed: 'there', actual: 'gone' },
  ]);
  expect(view?.differences[0]?.why).toMatch(
    /^channel_vacated was dropped before the last start of the server/,
  );
  expect(view?.limits).toEqual([]);
});
