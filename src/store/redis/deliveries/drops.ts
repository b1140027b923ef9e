import type { Millis } from '../../../ports/clock.ts';
import type { Unavailable } from '../../../ports/unavailable.ts';
import { dropKinds, type DropKind } from '../../../webhooks/drop-kind.ts';
import type { PartitionKeys } from '../keys.ts';
import { answerOf } from '../link/patience.ts';
import type { Registration } from '../channels/registration.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/** How many endpoints and channels of an app have their last drop of each kind remembered. */
const maxRemembered = 10_000;

/**
 * How long drops are kept after the last node has renewed them. An app that is missing from the configuration of a node, or of all
 * nodes for a while, loses none.
 */
const keepMs: Millis = 30 * 86_400_000;

/** The drops of one app and kind: a JSON text for each endpoint and channel, the latest last. */
interface DropsOfKind {
  readonly appId: string;
  readonly kind: DropKind;
  readonly bySubject: Map<string, string>;
}

/** The drops that Redis keeps. */
interface KeptDrops {
  /** JSON texts. */
  readonly dropped: readonly string[];
  /** How many endpoints and channels had a drop of state that is not remembered any more. */
  readonly forgotten: number;
}

/**
 * The last drop of each endpoint and channel, on all nodes. If Redis loses one, the node that made it writes it again, unless
 * another node has resolved it.
 */
export class RedisDrops {
  readonly #options: Pick<RedisLedgerOptions, 'link' | 'clock' | 'present'>;
  readonly #registration: Registration;
  readonly #keys: PartitionKeys;
  /** The drops that this node has made, and that are not resolved. */
  readonly #own = new Map<string, DropsOfKind>();
  /** Those of this turn, which are not yet sent. */
  #added = new Map<string, DropsOfKind>();
  /** Whether another node may have resolved drops of this one without its knowledge. */
  #mayBeOutdated = false;
  /** How many writes Redis has not confirmed. */
  #underWay = 0;

  constructor(
    options: Pick<RedisLedgerOptions, 'link' | 'clock' | 'present'>,
    registration: Registration,
    keys: PartitionKeys,
  ) {
    this.#options = options;
    this.#registration = registration;
    this.#keys = keys;
  }

  /** Only the last drop of a subject is remembered. While Redis cannot be written to, the drop waits. */
  add(appId: string, kind: DropKind, { subject, json }: { subject: string; json: string }): void {
    if (this.#added.size === 0) queueMicrotask(() => this.#write());
    for (const drops of [this.#own, this.#added]) put(dropsOf(drops, appId, kind), subject, json);
  }

  /** The endpoint knows the truth again, so its drop is not listed any more. */
  resolve(appId: string, kind: DropKind, subject: string): void {
    if (this.#added.size === 0) queueMicrotask(() => this.#write());
    dropsOf(this.#own, appId, kind).delete(subject);
    put(dropsOf(this.#added, appId, kind), subject, '');
  }

  /** A node has resolved this drop. This node may have made it, and a later one of the same subject. */
  resolved(appId: string, subject: string, json: string): void {
    for (const kind of dropKinds) {
      const own = this.#own.get(keyOf(appId, kind))?.bySubject;
      if (own?.get(subject) === json) own.delete(subject);
    }
  }

  /** Other nodes may have resolved drops of this node without its knowledge. */
  missedNotices(): void {
    this.#mayBeOutdated = true;
  }

  /** Forgets drops of this node that Redis does not list any more, if some may be resolved. Tried again if Redis cannot tell yet. */
  async catchUp(): Promise<void> {
    if (!this.#mayBeOutdated || this.#underWay > 0) return;
    this.#mayBeOutdated = false;
    const done = await Promise.all(
      this.#unresolved().map((drops) => this.#forgetUnlisted(drops).catch(() => false)),
    );
    this.#mayBeOutdated ||= done.includes(false);
  }

  /** The drops of an app. Unavailable while Redis does not answer, or may lack some of them. */
  read(appId: string): Promise<KeptDrops | Unavailable> {
    return answerOf(this.#options.clock, this.#ask(appId));
  }

  /** The app is configured: its drops are kept for longer. Rejects if Redis does not answer. */
  async renew(appId: string): Promise<void> {
    const { commands } = this.#options.link;
    const keys = dropKinds.flatMap((kind) => this.#keys.drops(appId, kind));
    await Promise.all(keys.map((key) => commands.pexpire(key, keepMs)));
  }

  /** Writes all drops of this node again, because Redis may have lost them. */
  assertAll(): void {
    for (const drops of this.#unresolved()) this.#send(drops);
  }

  #unresolved(): readonly DropsOfKind[] {
    return [...this.#own.values()].filter(({ bySubject }) => bySubject.size > 0);
  }

  async #ask(appId: string): Promise<KeptDrops | undefined> {
    const keys = dropKinds.flatMap((kind) => this.#keys.drops(appId, kind));
    const [status, forgotten, ...dropped] = await this.#options.link.run(
      'read-drops',
      [this.#keys.state, ...keys],
      [...this.#head(), ...this.#registration.knownPosition],
    );
    return status === 'ok' ? { dropped: dropped.map(String), forgotten: Number(forgotten) } : undefined;
  }

  /** Resolves with whether Redis knows all drops. */
  async #forgetUnlisted({ appId, bySubject }: DropsOfKind): Promise<boolean> {
    const asked = [...bySubject];
    const kept = await this.#ask(appId);
    if (kept === undefined) return false;
    const listed = new Set(kept.dropped);
    for (const [subject, json] of asked) {
      if (!listed.has(json)) this.resolved(appId, subject, json);
    }
    return true;
  }

  #write(): void {
    const added = this.#added;
    this.#added = new Map();
    for (const drops of added.values()) this.#send(drops);
  }

  #send({ appId, kind, bySubject }: DropsOfKind): void {
    const keys = [this.#keys.state, ...this.#keys.drops(appId, kind)];
    const drops = [...bySubject].flat();
    const bytes = drops.reduce((sum, text) => sum + text.length, 0);
    this.#underWay += 1;
    // If this is discarded because too much waits, the log reports it.
    void this.#registration
      .record((epoch, number) => {
        const args = [epoch, number, maxRemembered, keepMs, appId, ...drops];
        return this.#options.link.run('drop', keys, [...this.#head(), ...args]);
      }, bytes)
      .finally(() => (this.#underWay -= 1));
  }

  #head(): readonly string[] {
    return [this.#options.present?.().toFixed(0) ?? '', this.#keys.topic];
  }
}

function dropsOf(all: Map<string, DropsOfKind>, appId: string, kind: DropKind): Map<string, string> {
  const key = keyOf(appId, kind);
  const drops = all.get(key) ?? { appId, kind, bySubject: new Map() };
  all.set(key, drops);
  return drops.bySubject;
}

function keyOf(appId: string, kind: DropKind): string {
  return `${appId}\n${kind}`;
}

function put(bySubject: Map<string, string>, subject: string, json: string): void {
  bySubject.delete(subject);
  bySubject.set(subject, json);
  if (bySubject.size <= maxRemembered) return;
  const [oldest] = bySubject.keys();
  if (oldest !== undefined) bySubject.delete(oldest);
}
