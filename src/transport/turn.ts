import { setImmediate } from '../system/real.ts';

/** A socket whose messages can be combined into one write. */
export interface Corkable {
  /** Runs `act` and sends everything that it has written in one system call. */
  cork(act: () => void): void;
}

/** An action, and the socket that it concerns, if it concerns only one. */
interface Step {
  readonly act: () => void;
  readonly socket: Corkable | undefined;
}

/** How many messages are published immediately before others wait: half of what uWebSockets.js buffers for a socket. */
const mostAtOnce = 16;

/** If more messages than this were published in a turn, the next turn defers its messages from the start. */
const mostWhenCalm = 2;

/** The maximum number of deferred actions. When it is reached, all of them run immediately. */
const mostWaiting = 10_000;

/** For how many turns notices of departures wait for others that arrive with them. */
const mostTurnsOfDepartures = 4;

/**
 * Orders everything that is sent to sockets. After some messages were published, in one turn of the event loop or in several,
 * the next one and everything behind it is deferred to the end of its turn, when no socket is being read.
 *
 * uWebSockets.js buffers up to 32 published messages for a socket, to write them together. But while it reads a socket, it
 * cannot combine writes to any other: the 33rd message of a turn then costs each subscriber 32 system calls instead of one.
 * With this class, 1,000 members who join together cost a sixth. A single message is not deferred, because ending a turn
 * costs a tenth of a request. A turn with deferred and immediate messages costs two writes, so in busy times all are deferred.
 *
 * Connections that end together are noticed over several turns, and sending to a connection that has ended is wasted. Unless
 * something else has to be sent, notices of departures therefore wait for the last of them. 1,000 members who leave together
 * cost a quarter with both.
 */
export class Turn {
  readonly #waiting: Step[] = [];
  /** How many messages were published immediately since the last deferred one, perhaps over several turns. */
  #atOnce = 0;
  /** How many of the deferred actions publish. */
  #published = 0;
  #isEnding = false;
  #isDeparture = false;
  #departures = 0;
  #turnsOfDepartures = 0;
  /** Whether all deferred actions are notices of departures. */
  #isOfDepartures = true;

  /** Publishes, now or at the end of the turn. */
  publish(act: () => void): void {
    if (this.#waiting.length === 0) {
      if (!this.#isDeparture && this.#atOnce < mostAtOnce) {
        this.#atOnce += 1;
        return act();
      }
      this.#await();
    }
    this.#published += 1;
    this.#wait({ act, socket: undefined });
  }

  /** Runs an action for one socket: immediately, unless other actions are deferred. */
  act(socket: Corkable, act: () => void): void {
    if (this.#waiting.length === 0) act();
    else this.#wait({ act, socket });
  }

  /** A connection has ended. What `act` publishes is a notice of that. */
  depart(act: () => void): void {
    this.#departures += 1;
    this.#isDeparture = true;
    try {
      act();
    } finally {
      this.#isDeparture = false;
    }
  }

  /** Runs all deferred actions now, including those that they add. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const steps = this.#waiting;
    try {
      let next = 0;
      // Actions can add others: ending a connection causes notices.
      while (next < steps.length) next = perform(steps, next);
    } finally {
      steps.length = 0;
      this.#atOnce = this.#published > mostWhenCalm ? mostAtOnce : 0;
      this.#published = 0;
      this.#isOfDepartures = true;
      this.#turnsOfDepartures = 0;
      this.#isEnding = false;
    }
  }

  #wait(step: Step): void {
    this.#waiting.push(step);
    this.#isOfDepartures &&= this.#isDeparture;
    if (this.#waiting.length >= mostWaiting) this.end();
  }

  #await(): void {
    this.#departures = 0;
    setImmediate(() => {
      this.#turnsOfDepartures += 1;
      const mayBeMore = this.#departures > 0 && this.#turnsOfDepartures < mostTurnsOfDepartures;
      if (this.#isOfDepartures && mayBeMore) this.#await();
      else this.end();
    });
  }
}

/** Performs an action, together with the following ones for the same socket in one write. Returns the index of the next. */
function perform(steps: readonly Step[], index: number): number {
  const step = steps[index];
  if (step === undefined) return steps.length;
  const { act, socket } = step;
  let end = index + 1;
  if (socket !== undefined) while (steps[end]?.socket === socket) end += 1;
  if (socket === undefined || end === index + 1) act();
  else socket.cork(() => steps.slice(index, end).forEach((one) => one.act()));
  return end;
}
