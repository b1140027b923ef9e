import type {
  DeadLetters,
  LetterCount,
  LetterPage,
  LetterQuery,
  UnknownCursor,
} from '../ports/dead-letters.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import { unavailable, type Unavailable } from '../ports/unavailable.ts';
import type { DeadLetter } from '../webhooks/dead-letter.ts';
import type { DeliverySubscriber } from '../webhooks/delivery-facts.ts';
import type { DeliveryPolicy } from '../webhooks/delivery-queue.ts';
import type { Application } from './application.ts';
import { DeadLetterCollector, type CollectorOptions } from './dead-letter-collector.ts';
import { Recoveries, type Recovery, type RecoveryPlan } from './recoveries.ts';
import {
  refusalOf,
  Resender,
  type Delivery,
  type NotSent,
  type Resent,
  type ResenderOptions,
} from './resender.ts';

/** What the office is made with. */
export interface DeadLetterOfficeOptions
  extends Omit<CollectorOptions, 'letters' | 'batch' | 'isServed'>, Omit<ResenderOptions, 'letters'> {
  readonly store: DeadLetters;
  readonly policy: Pick<DeliveryPolicy, 'batch'>;
  readonly applications: readonly Pick<Application, 'id'>[];
  /** Whether the letters are on this node. */
  readonly isHere?: () => boolean;
}

/** Keeps what endpoints did not get, lists it and sends it again. */
export class DeadLetterOffice {
  readonly #store: DeadLetters;
  readonly #target: ResenderOptions['target'];
  readonly #isHere: () => boolean;
  readonly #collector: DeadLetterCollector;
  readonly #resender: Resender;
  readonly #recoveries: Recoveries;
  #served: ReadonlySet<string>;
  /** The letters, unless they are on another node. */
  readonly #known = {
    read: (appId: string, query: LetterQuery) => {
      if (!this.#isHere()) return unavailable;
      this.#collector.flush();
      return this.#store.read(appId, query);
    },
    find: (appId: string, id: string) => {
      if (!this.#isHere()) return unavailable;
      this.#collector.flush();
      return this.#store.find(appId, id);
    },
    attempted: (...args: Parameters<DeadLetters['attempted']>) => this.#store.attempted(...args),
  };
  /** Hears of all that happens to events. */
  readonly hear: DeliverySubscriber;

  constructor({ store, policy, applications, isHere = () => true, ...options }: DeadLetterOfficeOptions) {
    this.#store = store;
    this.#target = options.target;
    this.#isHere = isHere;
    this.#served = new Set(applications.map(({ id }) => id));
    this.#collector = new DeadLetterCollector({
      ...options,
      letters: store,
      batch: policy.batch,
      isServed: (appId) => this.#served.has(appId),
    });
    this.hear = this.#collector.hear;
    this.#resender = new Resender({ ...options, letters: this.#known });
    this.#recoveries = new Recoveries({ ...options, letters: this.#known, resender: this.#resender });
  }

  /** Adds what is still being gathered. */
  complete(): void {
    this.#collector.flush();
  }

  /** What the app's endpoints did not get, latest first. */
  read(appId: string, query: LetterQuery): MaybePromise<LetterPage | UnknownCursor | Unavailable> {
    return this.#known.read(appId, query);
  }

  /** One letter; undefined: it is not kept. */
  find(appId: string, id: string): MaybePromise<DeadLetter | undefined | Unavailable> {
    return this.#known.find(appId, id);
  }

  /** Makes one more attempt at a letter. */
  resend(appId: string, id: string): Promise<Resent> {
    return this.#resender.resend(appId, id);
  }

  /** Makes one more attempt at a delivery that somebody has recorded, whether it was dropped or not. */
  resendRecorded(delivery: Delivery): Promise<Resent> {
    return this.#resender.resendRecorded(delivery);
  }

  /** What a recovery of the endpoint would send. */
  async estimate(appId: string, plan: RecoveryPlan): Promise<LetterCount | NotSent | Unavailable> {
    return this.#refuse(appId, plan) ?? this.#recoveries.estimate(appId, plan);
  }

  /** Begins to send what the endpoint has lost; one recovery of an endpoint runs at a time. */
  async recover(appId: string, plan: RecoveryPlan): Promise<Recovery | NotSent | Unavailable> {
    return this.#refuse(appId, plan) ?? this.#recoveries.begin(appId, plan);
  }

  /** How far a recovery has come; undefined: it is not remembered. */
  recovery(appId: string, id: string): Recovery | undefined | Unavailable {
    return this.#isHere() ? this.#recoveries.find(appId, id) : unavailable;
  }

  /** Has a recovery send nothing more. */
  cancel(appId: string, id: string): Recovery | undefined | Unavailable {
    return this.#isHere() ? this.#recoveries.cancel(appId, id) : unavailable;
  }

  /** These apps are served from now on; of another one nothing is kept. */
  replace(applications: readonly Pick<Application, 'id'>[]): void {
    const before = this.#served;
    this.#served = new Set(applications.map(({ id }) => id));
    for (const appId of before) if (!this.#served.has(appId)) this.forget(appId);
  }

  /** Forgets all that was lost of an app, and sends none of it any more. */
  forget(appId: string): void {
    this.#recoveries.forget(appId);
    this.#collector.forget(appId);
    this.#store.forget(appId);
  }

  /** Sends nothing again any more, and keeps at once whatever is lost from now on. */
  stop(): void {
    this.#recoveries.stop();
    this.#collector.stop();
  }

  #refuse(appId: string, { endpointId }: RecoveryPlan): NotSent | Unavailable | undefined {
    if (!this.#isHere()) return unavailable;
    const target = this.#target(appId, endpointId);
    return target === undefined ? 'gone' : refusalOf(target);
  }
}
