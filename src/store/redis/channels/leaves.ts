import type { Leave, Member } from '../../../ports/attendance.ts';
import type { Clock, Millis } from '../../../ports/clock.ts';
import type { ChannelScripts, KeptChannel } from './channel-scripts.ts';
import { Departures, type Departed } from './departures.ts';
import { toArguments, type HeldChannel } from './held.ts';
import type { Registration } from './registration.ts';

export interface LeavesOptions {
  readonly clock: Clock;
  readonly registration: Registration;
  readonly scripts: ChannelScripts;
  /** A departure falls due at this moment. */
  readonly due: (at: Millis) => void;
}

/** Reports to Redis what leaves this node, and reports it again if Redis loses that. */
export class Leaves {
  readonly #options: LeavesOptions;
  readonly #departures = new Departures();

  constructor(options: LeavesOptions) {
    this.#options = options;
  }

  /** Reports that something leaves. `member` is the member as it was reported on arrival. */
  leave(channel: KeptChannel, leave: Leave, member: Member | undefined): void {
    const { clock, registration } = this.#options;
    this.#departures.add({ at: clock.now(), reportedUntil: registration.reportedUntil }, leave, member);
    this.#send(channel, leave);
  }

  /**
   * Reports again what was not due at this moment, because no other node remembers it. `held` returns what this node holds now of a
   * channel.
   */
  reportAgain(since: Millis, held: (appId: string, channel: string) => HeldChannel | undefined): void {
    for (const departed of this.#departures)
      this.#reportAgain(since, departed, held(departed.appId, departed.name));
  }

  #reportAgain(
    since: Millis,
    { appId, name, channelUntil = -Infinity, members }: Departed,
    present: HeldChannel | undefined,
  ): void {
    const { clock, registration, scripts } = this.#options;
    const at = clock.now();
    const departedMembers = [...members.values()].filter(
      ({ member, until }) => until >= since && present?.members.has(member.userId) !== true,
    );
    const hasChannelDeparted = present === undefined && channelUntil >= since;
    if (departedMembers.length === 0 && !hasChannelDeparted) return;
    const channel = scripts.channel(appId, name);
    const args = [
      present?.reported ?? 0,
      scripts.sendsCounts(appId, name),
      -1,
      '',
      '',
      '',
      ...toArguments(departedMembers.map(({ member }) => member)),
    ];
    void registration.step(scripts.step('join', channel, args));
    for (const { member, until } of departedMembers) {
      this.#send(channel, { member: { userId: member.userId, lingersMs: until - at } });
    }
    if (present === undefined) this.#send(channel, { channelLingersMs: channelUntil - at });
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
    const sendsCounts = scripts.sendsCounts(channel.appId, channel.name);
    const args = [channelMs, member?.userId ?? '', memberMs, source ?? '', sendsCounts];
    void registration.step(scripts.step('leave', channel, args));
  }
}

/** Rounds up, because scripts use whole milliseconds and nothing may be due too early. */
function wholeMs(ms: Millis): number {
  return Math.max(0, Math.ceil(ms));
}
