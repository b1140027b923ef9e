import { setImmediate } from '../real.ts';

/** A socket, as far as what it is told can be put into one write. */
export interface Corkable {
  /** Runs `act` and writes what it has sent in one go. */
  cork(act: () => void): void;
}

/** Something to do, and for which socket it is, if it is for one alone. */
interface Step {
  readonly act: () => void;
  readonly socket: Corkable | undefined;
}

/** Published at once before anything waits: half of what uWebSockets.js keeps of messages for a socket. */
const mostAtOnce = 16;

/** With more messages in a turn it is a busy time: what is published in the next turn waits for its end from the first on. */
const mostWhenCalm = 2;

/** So many steps may wait; more of them end the turn at once. */
const mostWaiting = 10_000;

/** For so many turns news of departures wait for others that come with them. */
const mostTurnsOfDepartures = 4;

/**
 * What is said to sockets, strictly in order. After some messages were published, in one turn of the event loop or in several,
 * the next one and everything behind it waits for the end of its turn, when no socket is being read.
 *
 * Of what is published uWebSockets.js keeps up to 32 messages for a socket, to write them together. But while it reads
 * a socket it can put together for no other one: the 33rd message of a turn then costs each subscriber 32 system
 * calls instead of one. 1,000 members who join at once cost a sixth with this. A single message need not wait: a turn
 * that has to be ended costs as much as a tenth of a request. But a turn in which some wait and some do not costs
 * two writes, so that in busy times all of them wait.
 *
 * Connections that end together are heard of over some turns, and to tell one that has ended as well is wasted: as
 * long as nothing else is to be said, news of departures wait for the last of them. 1,000 members who leave at
 * once cost a quarter with both.
 */
export class Turn {
  readonly #waiting: Step[] = [];
  /** Published at once since something waited last; turns may have passed meanwhile. */
  #atOnce = 0;
  /** Of what waits, what is published. */
  #published = 0;
  #isEnding = false;
  #isDeparture = false;
  #departures = 0;
  #turnsOfDepartures = 0;
  /** What waits is news of departures and nothing else. */
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

  /** Does something with one socket: at once, unless something waits. */
  tell(socket: Corkable, act: () => void): void {
    if (this.#waiting.length === 0) act();
    else this.#wait({ act, socket });
  }

  /** A connection has ended: what `act` publishes is news of that. */
  depart(act: () => void): void {
    this.#departures += 1;
    this.#isDeparture = true;
    try {
      act();
    } finally {
      this.#isDeparture = false;
    }
  }

  /** Does everything that waits now. What that causes in turn is done as well, behind it. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const steps = this.#waiting;
    try {
      let next = 0;
      // There may be more of them meanwhile: to end a connection causes news.
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

/** Performs a step, and those behind it for the same socket in one write. Returns which is the next. */
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
