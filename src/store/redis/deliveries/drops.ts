import type { Unavailable } from '../../../ports/unavailable.ts';
import { dropKinds, type DropKind } from '../../../webhooks/drop-kind.ts';
import type { PartitionKeys } from '../keys.ts';
import { answerOf } from '../link/patience.ts';
import type { Registration } from '../channels/registration.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/** Of so many endpoints and channels of an app the last drop of each kind is remembered. */
const remembered = 10_000;

/** What was given up of one app and kind: a JSON text for each endpoint and channel, the latest last. */
interface Given {
  readonly appId: string;
  readonly kind: DropKind;
  readonly bySubject: Map<string, string>;
}

/** Drops as they are read. */
interface KeptDrops {
  /** JSON texts. */
  readonly dropped: readonly string[];
  /** Of so many endpoints and channels drops of state are remembered no more. */
  readonly forgotten: number;
}

/** The last drop of each endpoint and channel, for all nodes. What Redis has lost, the node that gave it up tells again. */
export class RedisDrops {
  readonly #options: Pick<RedisLedgerOptions, 'link' | 'clock' | 'present'>;
  readonly #registration: Registration;
  readonly #keys: PartitionKeys;
  /** What this node has given up. */
  readonly #own = new Map<string, Given>();
  /** The same of this turn. */
  #added = new Map<string, Given>();

  constructor(
    options: Pick<RedisLedgerOptions, 'link' | 'clock' | 'present'>,
    registration: Registration,
    keys: PartitionKeys,
  ) {
    this.#options = options;
    this.#registration = registration;
    this.#keys = keys;
  }

  /** Only the last drop of a subject is remembered. While Redis cannot be written to it waits. */
  add(appId: string, kind: DropKind, { subject, json }: { subject: string; json: string }): void {
    if (this.#added.size === 0) queueMicrotask(() => this.#write());
    for (const given of [this.#own, this.#added]) put(givenOf(given, appId, kind), subject, json);
  }

  /** The drops of an app. Unavailable while they cannot be asked for, or some may be missing. */
  read(appId: string): Promise<KeptDrops | Unavailable> {
    return answerOf(this.#options.clock, this.#ask(appId));
  }

  /** Redis may have lost what it was told. */
  assertAll(): void {
    for (const given of this.#own.values()) this.#send(given);
  }

  async #ask(appId: string): Promise<KeptDrops | undefined> {
    const keys = dropKinds.flatMap((kind) => this.#keys.drops(appId, kind));
    const [status, forgotten, ...dropped] = await this.#options.link.run(
      'read-drops',
      [this.#keys.state, ...keys],
      [...this.#head(), ...this.#registration.standing],
    );
    return status === 'ok' ? { dropped: dropped.map(String), forgotten: Number(forgotten) } : undefined;
  }

  #write(): void {
    const added = this.#added;
    this.#added = new Map();
    for (const given of added.values()) this.#send(given);
  }

  #send({ appId, kind, bySubject }: Given): void {
    const keys = [this.#keys.state, ...this.#keys.drops(appId, kind)];
    const drops = [...bySubject].flat();
    const bytes = drops.reduce((sum, text) => sum + text.length, 0);
    // What has to give way to too much else that waits is in the log.
    void this.#registration.record(
      (epoch, number) =>
        this.#options.link.run('drop', keys, [...this.#head(), epoch, number, remembered, ...drops]),
      bytes,
    );
  }

  #head(): readonly string[] {
    return [this.#options.present?.().toFixed(0) ?? '', this.#keys.topic];
  }
}

function givenOf(all: Map<string, Given>, appId: string, kind: DropKind): Map<string, string> {
  const key = `${appId}\n${kind}`;
  const given = all.get(key) ?? { appId, kind, bySubject: new Map() };
  all.set(key, given);
  return given.bySubject;
}

function put(bySubject: Map<string, string>, subject: string, json: string): void {
  bySubject.delete(subject);
  bySubject.set(subject, json);
  if (bySubject.size <= remembered) return;
  const [oldest] = bySubject.keys();
  if (oldest !== undefined) bySubject.delete(oldest);
}
