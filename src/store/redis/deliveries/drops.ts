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

/** The last drop of each endpoint and channel, on all nodes. If Redis loses one, the node that made it writes it again. */
export class RedisDrops {
  readonly #options: Pick<RedisLedgerOptions, 'link' | 'clock' | 'present'>;
  readonly #registration: Registration;
  readonly #keys: PartitionKeys;
  /** The drops that this node has made. */
  readonly #own = new Map<string, DropsOfKind>();
  /** Those of this turn, which are not yet sent. */
  #added = new Map<string, DropsOfKind>();

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
    for (const drops of this.#own.values()) this.#send(drops);
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

  #write(): void {
    const added = this.#added;
    this.#added = new Map();
    for (const drops of added.values()) this.#send(drops);
  }

  #send({ appId, kind, bySubject }: DropsOfKind): void {
    const keys = [this.#keys.state, ...this.#keys.drops(appId, kind)];
    const drops = [...bySubject].flat();
    const bytes = drops.reduce((sum, text) => sum + text.length, 0);
    // If this is discarded because too much waits, the log reports it.
    void this.#registration.record(
      (epoch, number) =>
        this.#options.link.run('drop', keys, [
          ...this.#head(),
          epoch,
          number,
          maxRemembered,
          keepMs,
          ...drops,
        ]),
      bytes,
    );
  }

  #head(): readonly string[] {
    return [this.#options.present?.().toFixed(0) ?? '', this.#keys.topic];
  }
}

function dropsOf(all: Map<string, DropsOfKind>, appId: string, kind: DropKind): Map<string, string> {
  const key = `${appId}\n${kind}`;
  const drops = all.get(key) ?? { appId, kind, bySubject: new Map() };
  all.set(key, drops);
  return drops.bySubject;
}

function put(bySubject: Map<string, string>, subject: string, json: string): void {
  bySubject.delete(subject);
  bySubject.set(subject, json);
  if (bySubject.size <= maxRemembered) return;
  const [oldest] = bySubject.keys();
  if (oldest !== undefined) bySubject.delete(oldest);
}
