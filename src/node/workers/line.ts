import type { MaybePromise } from '../../ports/maybe-promise.ts';
import { Mesh, type MeshSeat } from './mesh.ts';

/** What a thread does for another: methods by name, each of which is told by whom it is called. */
export type Methods = object;

type Parameters<Method> = Method extends (from: number, ...args: infer Args) => unknown ? Args : never;
type Result<Method> = Method extends (...args: never[]) => infer Value ? Awaited<Value> : never;

/** A call, which wants an answer if its number is not 0; or, without a name, an answer. */
type Message = readonly [name: string, id: number, args: readonly unknown[]];

type AnyMethod = (from: number, ...args: readonly unknown[]) => MaybePromise<unknown>;

/**
 * Calls between the threads of a process: `Theirs` are the methods of the other side. Arguments and results are cloned. Calls from
 * one thread to another take effect in order, and so do their answers if they are known at once.
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

  /** The same, but the answer is taken before whatever was said behind it. */
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

  /** Calls a method of another thread, and wants no answer. */
  tell<Name extends keyof Theirs & string>(to: number, name: Name, ...args: Parameters<Theirs[Name]>): void {
    this.#mesh.send(to, [name, 0, args]);
  }

  /** The same, at once: see `Mesh.sendNow`. */
  tellNow<Name extends keyof Theirs & string>(
    to: number,
    name: Name,
    ...args: Parameters<Theirs[Name]>
  ): void {
    this.#mesh.sendNow(to, [name, 0, args]);
  }

  /** The same, later: see `Mesh.sendLater`. */
  tellLater<Name extends keyof Theirs & string>(
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

  /** Neither calls nor answers any more. */
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
