import { checkedChannelName, type ChannelName } from '../protocol/channel-name.ts';
import type { Selection } from './endpoint.ts';

/** Stands for all channels. No channel has an empty name. */
export const anyChannel = checkedChannelName('');

/** A debt as it is stored. */
export interface KeptDebt {
  readonly channel: ChannelName;
  readonly isPartial: boolean;
  /** The sequence number of the last such event; undefined if an earlier version of the program stored it. */
  readonly partialSeq?: number | undefined;
  /** The sequence number of the last event that reported the channel as vacated; undefined if an earlier version stored it. */
  readonly vacatedSeq?: number | undefined;
  /** Whether somebody has requested that the endpoint be sent what it missed. */
  readonly isRequested?: boolean | undefined;
  readonly told: readonly KeptSubject[];
}

/**
 * What was last sent of a subject. `isThere` is null if it is unknown. `lastSeq` is the sequence number of the latest event
 * whose result is known; undefined if an earlier version stored it. `mayKnowMore` is true if the endpoint may have received a later
 * event without answering in time.
 */
export type KeptSubject = readonly [
  subject: string,
  isThere: boolean | null,
  seq: number,
  lastSeq?: number,
  mayKnowMore?: boolean,
];

/** Where a debt belongs. */
export interface DebtPlace {
  readonly appId: string;
  readonly endpointId: string;
  readonly channel: ChannelName;
}

/** Returns the debt of a channel, with only these subjects if any are given; undefined if there is no debt. */
export type ReadDebt = (subjects?: Iterable<string>) => KeptDebt | undefined;

/** Stores debts, and what endpoints have received, beyond the process. */
export interface DebtKeeper {
  /** A debt has changed: of this subject, or as a whole. `read` returns it when it is written. */
  changed(place: DebtPlace, read: ReadDebt, subject?: string): void;
  /** The debt of a channel could not be recorded, because of an event with this sequence number. */
  overflowed?(place: DebtPlace, seq: number): void;
  /** What an endpoint has received has changed; undefined: the endpoint does not exist any more. */
  received(appId: string, endpointId: string, received: Received | undefined): void;
}

/** Of which events an endpoint has received everything, except for its debts, and of which it received everything before. */
export interface Received {
  readonly selection: Selection | undefined;
  readonly former: readonly Selection[];
}

/** The same for an endpoint of an earlier run. */
export interface ReceivedByEndpoint extends Received {
  readonly appId: string;
  readonly endpointId: string;
}
