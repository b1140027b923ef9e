import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Replica, type ReplicaNotice, type Snapshot } from '../../src/store/redis/channels/replica.ts';
import { runs, seeded } from '../support/property/seeded.ts';
import { Revisions } from '../../src/store/redis/channels/revisions.ts';

interface Change {
  readonly revision: number;
  readonly userId: string;
  readonly isIn: boolean;
}

/** One channel on Redis, and a node that learns of it by notices and by replies, which come over two connections. */
class World {
  readonly #redis = { revision: 1, members: new Set<string>() };
  readonly #node = { revisions: new Revisions(), replica: new Replica(new Map()) };
  readonly #notices: Change[] = [];
  /** The replies to the node's questions, in order. Redis has not executed those that are undefined. */
  readonly #replies: (Snapshot | undefined)[] = [];
  /** The members as a client of the node has received them. It subscribes with the first snapshot. */
  #received: Set<string> | undefined;

  /** The node requests the state for the first time. */
  constructor() {
    this.#node.revisions.startFrom(this.#redis.revision);
    this.ask();
  }

  change(userId: string, isIn: boolean): void {
    const { members } = this.#redis;
    if (members.has(userId) === isIn) return;
    if (isIn) members.add(userId);
    else members.delete(userId);
    this.#redis.revision += 1;
    this.#notices.push({ revision: this.#redis.revision, userId, isIn });
  }

  receiveNotice(): void {
    const change = this.#notices.shift();
    const { revisions, replica } = this.#node;
    if (change === undefined || change.revision <= revisions.last) return;
    if (revisions.noticed({ revision: change.revision, previous: change.revision - 1 })) this.#readAnew();
    const { userId } = change;
    const member = { userId, infoJson: '{}' };
    this.#send(
      replica.apply(change.revision, change.isIn ? { kind: 'in', member } : { kind: 'out', userId }, 0),
    );
  }

  loseNotice(): void {
    this.#notices.shift();
  }

  ask(): void {
    this.#replies.push(undefined);
  }

  execute(): void {
    const index = this.#replies.indexOf(undefined);
    if (index >= 0) this.#replies[index] = this.#snapshot();
  }

  receiveReply(): void {
    const [reply] = this.#replies;
    if (reply === undefined) return;
    this.#replies.shift();
    const { replica } = this.#node;
    this.#send(replica.merge(reply, 0));
    if (replica.isTrusted) this.#received ??= new Set(replica.members.keys());
  }

  /** The node loses its registration and registers again. It reads what it holds, and ignores older notices. */
  register(): void {
    this.#node.revisions.startFrom(this.#redis.revision);
    this.#readAnew();
  }

  /** Everything arrives, and then a heartbeat with the revision. */
  settle(): void {
    while (this.#notices.length > 0) this.receiveNotice();
    if (this.#node.revisions.reported(this.#redis.revision)) this.#readAnew();
    while (this.#replies.length > 0) {
      this.execute();
      this.receiveReply();
    }
  }

  get received(): readonly string[] {
    return [...(this.#received ?? [])].toSorted();
  }

  get present(): readonly string[] {
    return [...this.#redis.members].toSorted();
  }

  #readAnew(): void {
    this.#node.replica.distrust(this.#node.revisions.last);
    this.ask();
  }

  #snapshot(): Snapshot {
    const { revision, members } = this.#redis;
    return {
      revision,
      members: new Map([...members].map((userId) => [userId, { userId, infoJson: '{}' }])),
      cached: undefined,
      missRemainsMs: 0,
    };
  }

  #send(notices: readonly ReplicaNotice[]): void {
    for (const notice of notices) {
      if (notice.kind === 'in') this.#received?.add(notice.member.userId);
      if (notice.kind === 'out') this.#received?.delete(notice.userId);
    }
  }
}

type Step = (world: World) => void;

const userId = fc.constantFrom('anna', 'ben', 'cleo');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(userId, fc.boolean()).map(
    ([user, isIn]): Step =>
      (world) =>
        world.change(user, isIn),
  ),
  fc.constantFrom<Step>(
    (world) => world.receiveNotice(),
    (world) => world.loseNotice(),
    (world) => world.ask(),
    (world) => world.execute(),
    (world) => world.receiveReply(),
    (world) => world.register(),
  ),
);

test(
  seeded(
    'a client has received the members that are present, whatever was lost, late or asked for meanwhile',
  ),
  () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = new World();
        for (const take of steps) take(world);
        world.settle();
        expect(world.received).toEqual(world.present);
      }),
      runs(2000),
    );
  },
);

test('a reply from before the last registration does not hide what was missed until then', () => {
  const world = new World();
  world.execute();
  world.receiveReply();
  // Redis executes this question, and the reply is still on its way when the node registers again.
  world.ask();
  world.execute();
  world.change('anna', true);
  world.loseNotice();
  world.register();
  world.receiveReply();
  world.execute();
  world.change('ben', true);
  world.receiveNotice();
  world.settle();
  expect(world.received).toEqual(['anna', 'ben']);
});
