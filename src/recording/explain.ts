import type { AttemptEnd, EmulatorEvent, EventCause, EventStatus, Moved, RecordedFate } from './records.ts';

/** The facts about an event that its explanation needs. */
type Explained = Omit<EmulatorEvent, 'why' | 'status' | 'endpoints'> & {
  readonly status: EventStatus | Moved;
  readonly endpoints: readonly RecordedFate[];
};

/** Formats a time. */
type WriteMoment = (ms: number) => string;

/** The cause and the outcome of an event, as a sentence without a full stop. */
export function explain(event: Explained, moment: WriteMoment = formatMs): string {
  return `${describeCause(event, moment)}; ${describeStatus(event)}`;
}

/** An event in a few words: its name, user, channel and time. */
export function nameEvent(event: Pick<Explained, 'name' | 'channel' | 'user_id' | 'event' | 'atMs'>): string {
  const sent = event.event === undefined ? '' : ` '${event.event}'`;
  const user = event.user_id === undefined ? '' : ` of user ${event.user_id}`;
  return `${event.name}${sent}${user} on ${event.channel} at ${formatMs(event.atMs)}`;
}

/** Formats a time or a span. */
export function formatMs(ms: number): string {
  return `${Math.round(ms * 10) / 10} ms`;
}

function describeCause(event: Explained, moment: WriteMoment): string {
  const { cause } = event;
  switch (cause.kind) {
    case 'subscribed':
      return event.name === 'cache_miss'
        ? `${describeSocket(cause)} subscribed while no event was cached`
        : `${describeSocket(cause)} subscribed`;
    case 'unsubscribed':
    case 'disconnected': {
      const departed = `${describeSocket(cause)} ${cause.kind} at ${moment(cause.atMs)}`;
      const lasted = event.atMs - cause.atMs;
      if (lasted === 0 || event.status === 'suppressed') return departed;
      return `${departed} and had not returned ${formatMs(lasted)} later, when the grace period ended`;
    }
    case 'client event':
      return `${describeSocket(cause)} sent it`;
    case 'reconciled':
      return 'it was sent to bring one endpoint back to the true state';
    case 'unknown':
      return 'the cause is no longer recorded, or happened on another node';
  }
}

function describeSocket({ socket_id: socketId, user_id: userId }: EventCause): string {
  return userId === undefined ? `socket ${socketId}` : `socket ${socketId} (user ${userId})`;
}

function describeStatus(event: Explained): string {
  switch (event.status) {
    case 'suppressed':
      return event.name === 'channel_vacated' || event.name === 'member_removed'
        ? 'not sent, because of a return within the grace period'
        : 'not sent, because it was a return within the grace period and the departure had not been sent either';
    case 'deduplicated':
      return 'not sent, because a cache_miss of the channel was sent before and no event has been cached since';
    case 'filtered':
      return event.endpoints.length === 0
        ? 'not sent, because no endpoint of the app selects it'
        : `not sent: ${event.endpoints.map(describeFate).join(', ')}`;
    case 'pending':
    case 'delivered':
    case 'dropped':
    case 'moved':
      return event.endpoints
        .filter(({ status }) => status !== 'filtered')
        .map(describeFate)
        .join(', ');
  }
}

function describeFate(fate: RecordedFate): string {
  const { url, status, reason, attempts, lastAttempt } = fate;
  switch (status) {
    case 'filtered':
      return reason === 'channel'
        ? `${url} has a channel filter that excludes it (webhooks[].channels)`
        : `${url} does not select events of this type (webhooks[].eventTypes)`;
    case 'pending':
      return attempts === 0
        ? `queued for ${url}`
        : `not accepted by ${url} so far, after ${countAttempts(attempts)}${describeEnd(lastAttempt)}`;
    case 'moved':
      return attempts === 0
        ? `left to another node before the first attempt for ${url}`
        : `left to another node after ${countAttempts(attempts)} for ${url}${describeEnd(lastAttempt)}`;
    case 'delivered':
      return `delivered to ${url} in ${countAttempts(attempts)}`;
    case 'dropped':
      if (reason === 'undone')
        return `not sent to ${url}: its queue was full, and this event and a later one cancelled each other out`;
      if (reason === 'disabled' && attempts === 0) {
        return `not sent to ${url}, which is disabled (webhooks[].enabled)`;
      }
      return `dropped for ${url} after ${countAttempts(attempts)} (${reason})${describeEnd(lastAttempt)}`;
  }
}

function describeEnd(end: AttemptEnd | undefined): string {
  switch (end?.outcome) {
    case 'refused':
      return `, the last with status ${end.status}`;
    case 'timeout':
      return ', the last without a response in time';
    case 'unreachable':
      return `, the last with the error ${end.error}`;
    case 'success':
    case undefined:
      return '';
  }
}

function countAttempts(attempts: number): string {
  return attempts === 1 ? '1 attempt' : `${attempts} attempts`;
}
