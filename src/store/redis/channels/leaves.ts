import type { Leave, Member } from '../../../ports/attendance.ts';
import type { Clock, Millis } from '../../../ports/clock.ts';
import type { ChannelScripts, KeptChannel } from './channel-scripts.ts';
import { Departures, type Departed } from './departures.ts';
import { named, type HeldChannel } from './held.ts';
import type { Registration } from './registration.ts';

export interface LeavesOptions {
  readonly clock: Clock;
  readonly leaseMs: Millis;
  readonly registration: Registration;
  readonly scripts: ChannelScripts;
  /** At this moment something is to be reported as gone. */
  readonly due: (at: Millis) => void;
}

/** Tells Redis what leaves this node, and tells it again if Redis loses that. */
export class Leaves {
  readonly #options: LeavesOptions;
  readonly #departures: Departures;

  constructor(options: LeavesOptions) {
    this.#options = options;
    this.#departures = new Departures(options.leaseMs);
  }

  /** Something leaves; `member` as it was reported. */
  leave(channel: KeptChannel, leave: Leave, member: Member | undefined): void {
    this.#departures.add(this.#options.clock.now(), leave, member);
    this.#send(channel, leave);
  }

  /** What was still to be reported as gone: nobody else remembers that it ever was there. `held`: what is there now. */
  tellAgain(held: (appId: string, channel: string) => HeldChannel | undefined): void {
    for (const departed of this.#departures) this.#tellAgain(departed, held(departed.appId, departed.name));
  }

  #tellAgain(
    { appId, name, channelUntil = -Infinity, members }: Departed,
    now: HeldChannel | undefined,
  ): void {
    const { clock, registration, scripts } = this.#options;
    const at = clock.now();
    // What was due while Redis was there has been reported.
    const since = registration.heardAt;
    const gone = [...members.values()].filter(
      ({ member, until }) => until >= since && now?.members.has(member.userId) !== true,
    );
    const isChannelGone = now === undefined && channelUntil >= since;
    if (gone.length === 0 && !isChannelGone) return;
    const channel = scripts.channel(appId, name);
    const args = [now?.reported ?? 0, '', -1, '', '', ...named(gone.map(({ member }) => member))];
    void registration.step(scripts.step('join', channel, args));
    for (const { member, until } of gone) {
      this.#send(channel, { member: { userId: member.userId, lingersMs: until - at } });
    }
    if (now === undefined) this.#send(channel, { channelLingersMs: channelUntil - at });
  }

  #send(
    channel: KeptChannel,
    { channelLingersMs, member, source }: Pick<Leave, 'channelLingersMs' | 'member' | 'source'>,
  ): void {
    const { clock, registration, scripts, due } = this.#options;
    const channelMs = channelLingersMs === undefined ? '' : wholeMs(channelLingersMs);
    const memberMs = wholeMs(member?.lingersMs ?? 0);
    const at = clock.now();
    if (channelMs !== '') due(at + channelMs);
    if (member !== undefined) due(at + memberMs);
    const args = [channelMs, member?.userId ?? '', memberMs, source ?? ''];
    void registration.step(scripts.step('leave', channel, args));
  }
}

/** Scripts reckon in whole milliseconds; nothing is due too early. */
function wholeMs(ms: Millis): number {
  return Math.max(0, Math.ceil(ms));
}
