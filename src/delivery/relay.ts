import type { Dispatcher } from 'undici';
import type { Attempt } from './attempt.ts';

/**
 * Tells an attempt what becomes of its request, as undici itself says it: its `request` makes a stream and an abort signal
 * of each answer, which costs as much again as sending the POST.
 */
export class Relay implements Dispatcher.DispatchHandler {
  readonly #attempt: Attempt;
  readonly #starts: () => void;

  /** `starts` is called when the request is about to be written. */
  constructor(attempt: Attempt, starts: () => void) {
    this.#attempt = attempt;
    this.#starts = starts;
  }

  onRequestStart(): void {
    this.#starts();
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): void {
    this.#attempt.answered(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#attempt.received(chunk);
  }

  onResponseEnd(): void {
    this.#attempt.ended();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#attempt.failed(error);
  }
}
