import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { application, endpoint } from '../../support/unit/application.ts';
import type { Post } from '../../support/unit/fake-sender.ts';
import { one, reloadStage as stage, serving, two } from '../../support/unit/reload-stage.ts';

const signedBy = ({ request }: Post, secret: string): boolean =>
  request.headers['X-Pusher-Signature'] === createHmac('sha256', secret).update(request.body).digest('hex');

describe('an endpoint that is added', () => {
  test('receives events immediately, but none from the past', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('before');
    dispatcher.replace(serving(one, two));
    append('after');
    await clock.advance(250);
    expect(sender.expectPost('http://two/').lines).toEqual(['channel_occupied after']);
    expect(sender.expectPost('http://one/').lines).toEqual(['channel_occupied before']);
    expect(sender.expectPost('http://one/').lines).toEqual(['channel_occupied after']);
    sender.expectNoPost();
  });
});

describe('an endpoint that is removed', () => {
  test('still gets its queue, with retries, and nothing more', async () => {
    const { clock, sender, dispatcher, append, queues } = stage();
    append('a');
    append('a');
    dispatcher.replace(serving(two));
    append('b');
    await clock.advance(0);
    const first = sender.expectPost('http://one/');
    expect(sender.expectPost('http://two/').lines).toEqual(['channel_occupied b']);
    await first.answer(500);
    expect(queues()).toBe(2);
    await clock.advance(1000);
    await sender.expectPost('http://one/').answer(200);
    expect(sender.expectPost('http://one/').lines).toEqual(['channel_occupied a']);
    sender.expectNoPost();
  });

  test('is forgotten once its queue is empty, immediately if it is', async () => {
    const { clock, sender, dispatcher, append, queues } = stage(serving(one, two));
    append('a');
    dispatcher.replace([]);
    await clock.advance(0);
    expect(queues()).toBe(2);
    await sender.expectPost('http://one/').answer(200);
    expect(queues()).toBe(1);
    await sender.expectPost('http://two/').answer(200);
    expect(queues()).toBe(0);
    dispatcher.replace(serving(one));
    dispatcher.replace([]);
    await clock.advance(0);
    expect(queues()).toBe(0);
  });

  test('loses, with a record, what it does not accept within five minutes', async () => {
    const { clock, sender, dispatcher, append, queues, drops } = stage();
    append('a');
    dispatcher.replace([]);
    await clock.advance(0);
    await sender.expectPost().answer(500);
    while (queues() > 0 && clock.now() < 400_000) {
      await clock.advance(1000);
      if (sender.hasPost) await sender.expectPost().answer(500);
    }
    expect(drops.read('1').dropped).toMatchObject([{ endpoint: 'one', channel: 'a', reason: 'expired' }]);
    expect(clock.now()).toBeLessThanOrEqual(300_000);
  });

  test('and added again continues the same queue in order', async () => {
    const { clock, sender, dispatcher, append, queues } = stage();
    append('a');
    await clock.advance(0);
    await sender.expectPost().answer(500);
    dispatcher.replace([]);
    append('missed');
    dispatcher.replace(serving(endpoint({ ...one, eventTypes: ['channel_occupied'], url: 'http://new/' })));
    append('a');
    append('b');
    await clock.advance(0);
    expect(sender.expectPost('http://new/').lines).toEqual(['channel_occupied b']);
    sender.expectNoPost();
    await clock.advance(1000);
    const retried = sender.expectPost('http://new/');
    expect(retried.request.headers['X-Soketify-Attempt']).toBe('2');
    sender.expectNoPost();
    await retried.answer(200);
    expect(sender.expectPost('http://new/').request.headers['X-Soketify-Attempt']).toBe('1');
    expect(queues()).toBe(1);
    append('c');
    await clock.advance(0);
    expect(sender.expectPost('http://new/').lines).toEqual(['channel_occupied c']);
  });

  test('twice and added in between still counts as one', async () => {
    const { clock, sender, dispatcher, append, queues } = stage();
    append('a');
    for (const endpoints of [[], [one], [], [one], []]) dispatcher.replace(serving(...endpoints));
    await clock.advance(0);
    expect(queues()).toBe(1);
    await sender.expectPost().answer(200);
    sender.expectNoPost();
    expect(queues()).toBe(0);
  });

  test('is flushed with the others during the shutdown', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('a');
    dispatcher.replace([]);
    const closed = dispatcher.close(5000);
    await clock.advance(0);
    await sender.expectPost().answer(200);
    await closed;
    expect(clock.pending).toBe(0);
  });
});

describe('an endpoint that is changed', () => {
  test('is tried at its new URL with its new headers, with the same body', async () => {
    const { clock, sender, dispatcher, append } = stage(
      serving(endpoint({ ...one, eventTypes: ['channel_occupied'], headers: { Authorization: 'wrong' } })),
    );
    append('a');
    await clock.advance(0);
    const first = sender.expectPost('http://one/');
    expect(first.request.headers['Authorization']).toBe('wrong');
    await first.answer(401);
    dispatcher.replace(
      serving(endpoint({ ...one, url: 'http://new/', eventTypes: [], headers: { Authorization: 'right' } })),
    );
    await clock.advance(1000);
    const second = sender.expectPost('http://new/');
    expect(second.request.body).toEqual(first.request.body);
    expect(second.request.headers).toEqual({
      ...first.request.headers,
      Authorization: 'right',
      'X-Soketify-Attempt': '2',
      'webhook-timestamp': '1700000001',
    });
  });

  test('gets the event types and channels that it now selects, from then on', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('a');
    dispatcher.replace(serving(endpoint({ id: 'one', url: 'http://one/', channels: { startsWith: 'b' } })));
    append('a');
    append('b');
    await clock.advance(0);
    expect(sender.expectPost().lines).toEqual(['channel_occupied a']);
    expect(sender.expectPost().lines).toEqual(['channel_occupied b']);
    sender.expectNoPost();
  });
});

describe('an app', () => {
  test('with several key pairs signs webhooks with the first', async () => {
    const { clock, sender, append } = stage([
      application({ endpoints: [one], otherKeys: [{ key: 'second', secret: 's2' }] }),
    ]);
    append('a');
    await clock.advance(0);
    const post = sender.expectPost();
    expect(post.request.headers['X-Pusher-Key']).toBe('app-key');
    expect(signedBy(post, 'app-secret')).toBe(true);
  });

  test('whose key was changed signs the next attempts with the new one, with the same body', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('a');
    await clock.advance(0);
    const first = sender.expectPost();
    await first.answer(401);
    dispatcher.replace([application({ key: 'new', secret: 'new-secret', endpoints: [one] })]);
    append('b');
    await clock.advance(0);
    expect(signedBy(sender.expectPost(), 'new-secret')).toBe(true);
    await clock.advance(1000);
    const second = sender.expectPost();
    expect(second.request.body).toEqual(first.request.body);
    expect(second.request.headers['webhook-id']).toBe(first.request.headers['webhook-id']);
    expect(second.request.headers['X-Pusher-Key']).toBe('new');
    expect(signedBy(second, 'new-secret')).toBe(true);
  });

  test('is served when it is added, and no longer when it is removed', async () => {
    const { clock, sender, dispatcher, append } = stage();
    const added = application({ id: '2', key: 'k2', secret: 's2', endpoints: [two] });
    dispatcher.replace([added]);
    append('a');
    append('b', '2');
    await clock.advance(0);
    const post = sender.expectPost('http://two/');
    expect(post.request.headers['X-Pusher-Key']).toBe('k2');
    sender.expectNoPost();
  });

  test('keeps its endpoints apart from those of another with the same ids', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('a');
    const other = application({
      id: '2',
      key: 'k2',
      secret: 's2',
      endpoints: [endpoint({ ...two, id: 'one', eventTypes: ['channel_occupied'] })],
    });
    dispatcher.replace([other]);
    append('b', '2');
    await clock.advance(0);
    expect(sender.expectPost('http://one/').lines).toEqual(['channel_occupied a']);
    expect(sender.expectPost('http://two/').lines).toEqual(['channel_occupied b']);
  });
});
