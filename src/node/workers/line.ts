import type { MaybePromise } from '../../ports/maybe-promise.ts';
import { Mesh, type MeshSeat } from './mesh.ts';

/** The methods that a thread offers to others, by name. The first argument of each is the number of the calling thread. */
export type Methods = object;

type Parameters<Method> = Method extends (from: number, ...args: infer Args) => unknown ? Args : never;
type Result<Method> = Method extends (...args: never[]) => infer Value ? Awaited<Value> : never;

/** A call, which expects an answer unless its number is 0; or, if the name is empty, an answer. */
type Message = readonly [name: string, id: number, args: readonly unknown[]];

type AnyMethod = (from: number, ...args: readonly unknown[]) => MaybePromise<unknown>;

/**
 * Calls between the threads of a process. `Theirs` are the methods of the other side. Arguments and results are cloned. Calls from
 * one thread to another take effect in order, and so do their answers if they are available synchronously.
 */
export class Line<Theirs extends Methods> {
  readonly #mesh: Mesh<Message, Message>;
  readonly #own: Readonly<Record<string, AnyMethod>>;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  #lastId = 0;

  /** `own` are the methods of this thread. */
  constructor(seat: MeshSeat, own: Methods) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other side is typed by the same interface
    this.#own = own as Readonly<Record<string, AnyMethod>>;
    this.#mesh = new Mesh(seat, (from, message) => this.#receive(from, message));
  }

  /** Calls a method of another thread. The promise stays pending if that thread ends. */
  call<Name extends keyof Theirs & string>(
    to: number,
    name: Name,
    ...args: Parameters<Theirs[Name]>
  ): Promise<Result<Theirs[Name]>> {
    return new Promise((resolve) => this.ask(to, name, args, resolve));
  }

  /** The same with a callback, which runs before any message that was sent after the answer is handled. */
  ask<Name extends keyof Theirs & string>(
    to: number,
    name: Name,
    args: Parameters<Theirs[Name]>,
    answered: (result: Result<Theirs[Name]>) => void,
  ): void {
    const id = (this.#lastId += 1);
    this.#mesh.send(to, [name, id, args]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see the constructor
    this.#waiting.set(id, answered as (value: unknown) => void);
  }

  /** Calls a method of another thread without expecting an answer. */
  send<Name extends keyof Theirs & string>(to: number, name: Name, ...args: Parameters<Theirs[Name]>): void {
    this.#mesh.send(to, [name, 0, args]);
  }

  /** The same, immediately: see `Mesh.sendNow`. */
  sendNow<Name extends keyof Theirs & string>(
    to: number,
    name: Name,
    ...args: Parameters<Theirs[Name]>
  ): void {
    this.#mesh.sendNow(to, [name, 0, args]);
  }

  /** The same, later: see `Mesh.sendLater`. */
  sendLater<Name extends keyof Theirs & string>(
    to: number,
    name: Name,
    ...args: Parameters<Theirs[Name]>
  ): void {
    this.#mesh.sendLater(to, [name, 0, args]);
  }

  /** See `Mesh.inOrder`. */
  inOrder(run: () => void): void {
    this.#mesh.inOrder(run);
  }

  /** Stops calling and answering. */
  close(): void {
    this.#mesh.close();
  }

  #receive(from: number, [name, id, args]: Message): void {
    if (name === '') {
      this.#waiting.get(id)?.(args[0]);
      this.#waiting.delete(id);
      return;
    }
    const answer = this.#own[name]?.(from, ...args);
    if (id === 0) return;
    if (answer instanceof Promise) void answer.then((value) => this.#mesh.send(from, ['', id, [value]]));
    else this.#mesh.send(from, ['', id, [answer]]);
  }
}
