import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeats, Mesh } from '../../src/node/workers/mesh.ts';
import { runs, seeded } from '../support/property/seeded.ts';

/** What a thread sends: the message that caused it, if any, and its name. */
interface Sent {
  readonly name: number;
  /** What the sender had sent and received before. */
  readonly known: readonly number[];
}

const threads = 4;

/** Who sends to whom, and whether the sender waits until all has arrived. */
const walk = fc.array(
  fc.record({
    from: fc.nat({ max: threads - 1 }),
    to: fc.nat({ max: threads - 1 }),
    does: fc.constantFrom('send', 'send', 'send', 'own', 'turn'),
  }),
  { maxLength: 60 },
);

/** As many turns of the event loop as any message may need. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
}

describe(seeded('messages between threads'), () => {
  it('all arrive, once, and never before what their sender knew', async () => {
    await fc.assert(
      fc.asyncProperty(walk, async (steps) => {
        const received = Array.from({ length: threads }, (): number[] => []);
        const meant = Array.from({ length: threads }, (): Sent[] => []);
        const known = Array.from({ length: threads }, () => new Set<number>());
        const receive = (thread: number, { name, known: before }: Sent): void => {
          received[thread]?.push(name);
          for (const one of before) known[thread]?.add(one);
          known[thread]?.add(name);
        };
        const meshes = createSeats(threads).map(
          (seat) => new Mesh<Sent, Sent>(seat, (_, sent) => receive(seat.index, sent)),
        );
        for (const [name, { from, to, does }] of steps.entries()) {
          if (does === 'turn') {
            await new Promise((resolve) => void setImmediate(resolve));
            continue;
          }
          const target = does === 'own' ? from : to;
          const sent = { name, known: [...(known[from] ?? [])] };
          known[from]?.add(name);
          meant[target]?.push(sent);
          if (target === from) meshes[from]?.inOrder(() => receive(from, sent));
          else {
            meshes[from]?.send(target, sent);
            meshes[from]?.flush();
          }
        }
        await rest();
        for (const mesh of meshes) mesh.close();
        for (const [thread, sent] of meant.entries()) {
          const names = received[thread] ?? [];
          expect(names.toSorted((a, b) => a - b)).toEqual(sent.map(({ name }) => name));
          for (const { name, known: before } of sent) {
            const mine = before.filter((one) => sent.some((other) => other.name === one));
            for (const one of mine) expect(names.indexOf(one)).toBeLessThan(names.indexOf(name));
          }
        }
      }),
      runs(150),
    );
  });
});
