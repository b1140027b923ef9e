import { describe, expect, it } from 'vitest';
import { answered } from '../../../support/property/fake-receivers.ts';
import { MortalWorld, restartGraceMs, writtenMs } from '../../../support/property/mortal-world.ts';

const occupied = 'channel_occupied room';
const vacated = 'channel_vacated room';

/** Long enough for all webhooks after a restart. */
const quietMs = restartGraceMs + 5000;
/** Until a batch is complete. */
const batchMs = 250;

/** A world in which the endpoint knows that the channel is occupied, and its client. */
async function occupiedRoom() {
  const world = await MortalWorld.begin();
  const client = world.connect();
  client.subscribe('room');
  await world.advance(1000);
  expect(world.taken).toEqual([occupied]);
  return { world, client };
}

describe('a program that is killed', () => {
  describe('after a join, before its transaction', () => {
    it('sends nothing about it if the client stays away', async () => {
      const world = await MortalWorld.begin();
      world.connect().subscribe('room');
      world.kill();
      await world.restart();
      await world.advance(quietMs);
      expect(world.sent).toEqual([]);
    });

    it('reports that the channel is occupied if the client returns', async () => {
      const world = await MortalWorld.begin();
      world.connect().subscribe('room');
      world.kill();
      await world.restart();
      world.connect().subscribe('room');
      await world.advance(quietMs);
      expect(world.taken).toEqual([occupied]);
    });
  });

  describe('after the transaction of a join, before its POST', () => {
    it('reports the channel, and that it is vacated when the grace is over', async () => {
      const world = await MortalWorld.begin();
      world.connect().subscribe('room');
      await world.advance(writtenMs);
      expect(world.sent).toEqual([]);
      world.kill();
      await world.restart();
      await world.advance(restartGraceMs - 1000);
      expect(world.taken).toEqual([occupied]);
      await world.advance(5000);
      expect(world.taken).toEqual([occupied, vacated]);
    });

    it('reports the channel and nothing later if the client returns in time', async () => {
      const world = await MortalWorld.begin();
      world.connect().subscribe('room');
      await world.advance(writtenMs);
      world.kill();
      await world.restart();
      world.connect().subscribe('room');
      await world.advance(quietMs);
      expect(world.taken).toEqual([occupied]);
    });
  });

  describe('after an endpoint has answered 200, before that is stored', () => {
    it('sends the same bytes again under the same id', async () => {
      const world = await MortalWorld.begin();
      world.connect().subscribe('room');
      await world.advanceUntil(() => world.taken.length > 0);
      world.kill();
      await world.restart();
      await world.advance(1000);
      const [first] = world.sent;
      expect(world.sent).toEqual([
        { id: first?.id, attempt: 1, events: [occupied] },
        { id: first?.id, attempt: 2, events: [occupied] },
      ]);
      expect(world.taken).toEqual([occupied]);
    });
  });

  describe('after a batch was formed, before it is stored', () => {
    it('sends its events once, as if they had not been tried before', async () => {
      const world = await MortalWorld.begin();
      world.connect().subscribe('room');
      await world.advance(batchMs + 2);
      expect(world.disk.keys('outbox')).toHaveLength(1);
      expect(world.disk.keys('batches')).toEqual([]);
      world.kill();
      await world.restart();
      await world.advance(1000);
      expect(world.sent).toMatchObject([{ attempt: 1, events: [occupied] }]);
    });

    it('sends it 4 ms later if it is not killed', async () => {
      const world = await MortalWorld.begin();
      world.connect().subscribe('room');
      await world.advance(batchMs + 2);
      expect(world.sent).toEqual([]);
      await world.advance(4);
      expect(world.sent).toHaveLength(1);
    });
  });

  describe('after three attempts have failed, while it waits for the next', () => {
    it('makes the fifth immediately, because the fourth may have begun, and continues from there', async () => {
      const world = await MortalWorld.begin([answered(500)]);
      world.connect().subscribe('room');
      await world.advanceUntil(() => world.sent.length === 3);
      await world.advance(1000);
      world.kill();
      await world.restart();
      await world.advance(1);
      expect(world.sent.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 5]);
      await world.advance(15_000);
      expect(world.sent.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 5]);
      await world.advance(5000);
      expect(world.sent.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 5, 6]);
      expect(new Set(world.sent.map(({ id }) => id)).size).toBe(1);
    });
  });

  describe('while the grace of a client that has left is running', () => {
    it('reports the departure when the grace of the restart is over', async () => {
      const { world, client } = await occupiedRoom();
      client.disconnect();
      await world.advance(1500);
      world.kill();
      await world.restart();
      await world.advance(restartGraceMs - 1000);
      expect(world.taken).toEqual([occupied]);
      await world.advance(5000);
      expect(world.taken).toEqual([occupied, vacated]);
    });

    it('reports nothing if the client returns before', async () => {
      const { world, client } = await occupiedRoom();
      client.disconnect();
      await world.advance(1500);
      world.kill();
      await world.restart();
      await world.advance(restartGraceMs - 1000);
      world.connect().subscribe('room');
      await world.advance(quietMs);
      expect(world.taken).toEqual([occupied]);
    });
  });

  describe('in the turn in which a client joins a channel that was reported as vacated', () => {
    it('reports that it is vacated, and that it is occupied when the client returns', async () => {
      const { world, client } = await occupiedRoom();
      client.disconnect();
      await world.advance(3000 + writtenMs);
      expect(world.taken).toEqual([occupied]);
      expect(world.disk.keys('announced')).toEqual([]);
      world.connect().subscribe('room');
      world.kill();
      await world.restart();
      world.connect().subscribe('room');
      await world.advance(quietMs);
      expect(world.taken).toEqual([occupied, vacated, occupied]);
    });
  });

  describe('after a drop was stored, while a later event of the channel is in progress', () => {
    it('keeps the record of the drop and the order of the channel', async () => {
      // The second request is that of the client event, which is given up; all others are answered, but not immediately.
      const refused = answered(500);
      const slow = answered(200, 900);
      const world = await MortalWorld.begin([slow, slow, refused, slow], {
        retry: { initialDelayMs: 1000, multiplier: 2, maxDelayMs: 60_000, maxElapsedMs: 500, jitter: 0 },
      });
      const [speaker, other] = [world.connect(), world.connect()];
      for (const client of [speaker, other]) client.subscribe('private-room');
      await world.advance(2000);
      expect(world.taken).toEqual(['channel_occupied private-room']);
      speaker.send('client-typing', 'private-room', 'first');
      await world.advance(2000);
      const [dropped] = world.stack.drops.read('1').dropped;
      expect(dropped).toMatchObject({ channel: 'private-room', name: 'client_event' });
      speaker.send('client-typing', 'private-room', 'second');
      await world.advanceUntil(() => world.sent.length === 3);
      world.kill();
      await world.restart();
      await world.advance(2000);
      expect(world.stack.drops.read('1').dropped).toEqual([dropped]);
      const later = { id: world.sent[2]?.id, events: ['client_event private-room second'] };
      expect(world.sent.slice(2)).toEqual([
        { ...later, attempt: 1 },
        { ...later, attempt: 2 },
      ]);
      expect(world.taken).toEqual(['channel_occupied private-room', 'client_event private-room second']);
    });
  });

  describe('while restoring, repeatedly', () => {
    it('sends the same id at most, never the same number, and counts its starts', async () => {
      const world = await MortalWorld.begin([answered(500)]);
      world.connect().subscribe('room');
      await world.advanceUntil(() => world.sent.length === 1);
      for (const afterMs of [0, 1, 2, 5]) {
        world.kill();
        await world.restart();
        await world.advance(afterMs);
      }
      // Here it has not read the disk when it ends.
      for (const afterMs of [0, 1, 2]) {
        world.kill();
        world.begin();
        await world.advance(afterMs);
      }
      world.kill();
      const before = world.starts;
      expect(before).toBeGreaterThanOrEqual(5);
      world.receiver.heal();
      await world.restart();
      await world.advance(quietMs);
      expect(world.starts).toBe(before + 1);
      expect(world.taken).toEqual([occupied, vacated]);
      const ofRoom = world.sent.filter(({ events }) => events.includes(occupied));
      expect(new Set(ofRoom.map(({ id }) => id)).size).toBe(1);
      const numbers = ofRoom.map(({ attempt }) => attempt);
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    });
  });

  describe('after a cached publish was answered', () => {
    it('has the event for a late subscriber', async () => {
      const world = await MortalWorld.begin();
      let answer: unknown;
      void world.trigger('cache-news', 'the latest').then((given) => (answer = given));
      await world.advanceUntil(() => answer !== undefined);
      expect(answer).toEqual({ json: '{}' });
      world.kill();
      await world.restart();
      const late = world.connect();
      late.subscribe('cache-news');
      await world.advance(1000);
      expect(framesOf(late.socket.frames)).toContain('news the latest');
      expect(world.taken).toEqual(['channel_occupied cache-news']);
    });
  });

  describe('before a cached publish is answered', () => {
    it('answers nothing, and has the event once the backend has repeated it', async () => {
      const world = await MortalWorld.begin();
      let answer: unknown;
      void world.trigger('cache-news', 'the latest').then((given) => (answer = given));
      await world.advance(0);
      expect(answer).toBeUndefined();
      world.kill();
      await world.restart();
      void world.trigger('cache-news', 'the latest').then((given) => (answer = given));
      await world.advanceUntil(() => answer !== undefined);
      const late = world.connect();
      late.subscribe('cache-news');
      await world.advance(1000);
      expect(framesOf(late.socket.frames)).toContain('news the latest');
    });
  });

  describe('while a cache_miss is in progress', () => {
    it('sends the same id again, and no second miss for a client that returns', async () => {
      const world = await MortalWorld.begin([answered(200, 900)]);
      world.connect().subscribe('cache-news');
      await world.advanceUntil(() => world.sent.length === 1);
      world.kill();
      await world.restart();
      const client = world.connect();
      client.subscribe('cache-news');
      await world.advance(quietMs);
      expect(framesOf(client.socket.frames)).toContain('pusher:cache_miss');
      const events = ['channel_occupied cache-news', 'cache_miss cache-news'];
      const [first] = world.sent;
      expect(world.sent).toEqual([
        { id: first?.id, attempt: 1, events },
        { id: first?.id, attempt: 2, events },
      ]);
      expect(world.taken).toEqual(events);
    });
  });
});

/** The frames of a client: each event's name, and its data if it was published. */
function framesOf(frames: readonly string[]): string[] {
  return frames.map((text) => {
    const { event, data } = JSON.parse(text) as { event: string; data?: unknown };
    return event.startsWith('pusher') ? event : `${event} ${String(data)}`;
  });
}
