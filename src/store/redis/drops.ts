import type { LeadKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

/** Of so many endpoints and channels of an app the last drop is remembered. */
const remembered = 10_000;

/** The last drop of each endpoint and channel, for all nodes; each is a JSON text. */
export class RedisDrops {
  readonly #link: RedisLink;
  readonly #keys: LeadKeys;
  /** What was added in this turn, by app and kind. */
  #added = new Map<string, { readonly keys: readonly string[]; readonly args: string[] }>();

  constructor(link: RedisLink, keys: LeadKeys) {
    this.#link = link;
    this.#keys = keys;
  }

  /** `subject` is what only the last drop of is remembered; kinds do not push out each other. */
  add(appId: string, kind: string, { subject, json }: { subject: string; json: string }): void {
    if (this.#added.size === 0) queueMicrotask(() => this.#write());
    const key = `${appId}\n${kind}`;
    const added = this.#added.get(key) ?? { keys: this.#keys.drops(appId, kind), args: [] };
    added.args.push(subject, json);
    this.#added.set(key, added);
  }

  /** The drops of one kind, the latest last, and of how many channels they are remembered no more. */
  async read(
    appId: string,
    kind: string,
  ): Promise<{ readonly dropped: readonly string[]; readonly forgotten: number }> {
    const [drops, order, numbers] = this.#keys.drops(appId, kind);
    const { commands } = this.#link;
    const [all, subjects, forgotten] = await Promise.all([
      commands.hgetall(drops),
      commands.zrange(order, '0', '-1'),
      commands.hget(numbers, 'forgotten'),
    ]);
    return { dropped: subjects.flatMap((subject) => all[subject] ?? []), forgotten: Number(forgotten ?? 0) };
  }

  #write(): void {
    const added = this.#added;
    this.#added = new Map();
    for (const { keys, args } of added.values()) {
      // The log has them too.
      void this.#link.run('drop', keys, [String(remembered), ...args]).catch(() => {});
    }
  }
}
