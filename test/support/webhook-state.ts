/** The part of a webhook event that describes state. */
export interface StateEvent {
  readonly name: string;
  readonly channel: string;
  readonly user_id?: string | undefined;
}

/** How an event contradicts the events before it. */
export type ContradictionKind =
  | 'occupied twice'
  | 'vacated while not occupied'
  | 'vacated with members'
  | 'added twice'
  | 'added while not occupied'
  | 'removed without being a member'
  | 'client event while not occupied'
  | 'client event without being a member';

/** An event that contradicts earlier ones. */
export interface Contradiction {
  readonly kind: ContradictionKind;
  /** A clause with the channel or member, such as "news is occupied twice". */
  readonly message: string;
  /** The channels and members whose earlier events it contradicts. */
  readonly subjects: readonly string[];
}

/** The state that webhooks describe. Names are sorted. */
export interface DescribedState {
  readonly occupied: readonly string[];
  /** `CHANNEL USER` for every member. */
  readonly members: readonly string[];
}

/** The name of a member in a state. */
export function memberKey(channel: string, userId: string): string {
  return `${channel} ${userId}`;
}

/** The channel of a subject, which is a channel or a member. */
export function channelOf(subject: string): string {
  return subject.split(' ')[0] ?? subject;
}

/**
 * The oracle of all tests for the state that webhooks describe. It is written independently of the program's own replay on
 * purpose. It trusts each event, like a backend that keeps no history, and reports which events contradict its state.
 */
export class WebhookState {
  readonly occupied = new Set<string>();
  /** `CHANNEL USER` for every member. */
  readonly members = new Set<string>();

  /** Applies the next event. Returns its contradictions, of which there are none if the webhooks are sound. */
  apply({ name, channel, user_id: userId }: StateEvent): readonly Contradiction[] {
    const member = memberKey(channel, userId ?? '');
    const found: Contradiction[] = [];
    const check = (
      isSound: boolean,
      kind: ContradictionKind,
      subject: string,
      others?: readonly string[],
    ) => {
      if (isSound) return;
      const message = `${subject} is ${kind}${others === undefined ? '' : `: ${others.join(', ')}`}`;
      found.push({ kind, message, subjects: others ?? [subject] });
    };
    switch (name) {
      case 'channel_occupied':
        check(!this.occupied.has(channel), 'occupied twice', channel);
        this.occupied.add(channel);
        break;
      case 'channel_vacated': {
        check(this.occupied.delete(channel), 'vacated while not occupied', channel);
        const left = [...this.members].filter((one) => one.startsWith(memberKey(channel, '')));
        check(left.length === 0, 'vacated with members', channel, left);
        break;
      }
      case 'member_added':
        check(!this.members.has(member), 'added twice', member);
        check(this.occupied.has(channel), 'added while not occupied', member);
        this.members.add(member);
        break;
      case 'member_removed':
        check(this.members.delete(member), 'removed without being a member', member);
        break;
      case 'client_event':
        check(this.occupied.has(channel), 'client event while not occupied', channel);
        check(
          userId === undefined || this.members.has(member),
          'client event without being a member',
          member,
        );
        break;
    }
    return found;
  }

  /** The state after all events so far. */
  describe(): DescribedState {
    return { occupied: [...this.occupied].toSorted(), members: [...this.members].toSorted() };
  }
}

/** The state after these events, and the messages of all contradictions. */
export function replay(
  events: Iterable<StateEvent>,
): DescribedState & { readonly contradictions: readonly string[] } {
  const state = new WebhookState();
  const contradictions: string[] = [];
  for (const event of events) contradictions.push(...state.apply(event).map(({ message }) => message));
  return { ...state.describe(), contradictions };
}
