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
import type { Application } from '../apps/application.ts';
import { DeadLetterCollector, type CollectorOptions } from './dead-letter-collector.ts';
import { Recoveries, type Recovery, type RecoveryPlan } from './recoveries.ts';
import {
  refuseResend,
  Resender,
  type Delivery,
  type NotSent,
  type Resent,
  type ResenderOptions,
} from './resender.ts';

/** The dependencies of the office. */
export interface DeadLetterOfficeOptions
  extends Omit<CollectorOptions, 'letters' | 'batch' | 'isServed'>, Omit<ResenderOptions, 'letters'> {
  readonly store: DeadLetters;
  readonly policy: Pick<DeliveryPolicy, 'batch'>;
  readonly applications: readonly Pick<Application, 'id'>[];
  /** Whether the letters are on this node. */
  readonly isHere?: () => boolean;
}

/** Keeps the events that endpoints did not get, lists them and resends them. */
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
  /** Receives all delivery facts. */
  readonly onFact: DeliverySubscriber;

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
    this.onFact = this.#collector.onFact;
    this.#resender = new Resender({ ...options, letters: this.#known });
    this.#recoveries = new Recoveries({ ...options, letters: this.#known, resender: this.#resender });
  }

  /** Completes the letters that are still being gathered. */
  complete(): void {
    this.#collector.flush();
  }

  /** The events that the app's endpoints did not get, latest first. */
  read(appId: string, query: LetterQuery): MaybePromise<LetterPage | UnknownCursor | Unavailable> {
    return this.#known.read(appId, query);
  }

  /** One letter; undefined if it is not kept. */
  find(appId: string, id: string): MaybePromise<DeadLetter | undefined | Unavailable> {
    return this.#known.find(appId, id);
  }

  /** Makes another attempt to deliver a letter. */
  resend(appId: string, id: string): Promise<Resent> {
    return this.#resender.resend(appId, id);
  }

  /** Makes another attempt to deliver a recorded delivery, whether it was dropped or not. */
  resendRecorded(delivery: Delivery): Promise<Resent> {
    return this.#resender.resendRecorded(delivery);
  }

  /** What a recovery of the endpoint would send. */
  async estimate(appId: string, plan: RecoveryPlan): Promise<LetterCount | NotSent | Unavailable> {
    return this.#refuse(appId, plan) ?? this.#recoveries.estimate(appId, plan);
  }

  /** Starts to resend what the endpoint has lost. Only one recovery of an endpoint runs at a time. */
  async recover(appId: string, plan: RecoveryPlan): Promise<Recovery | NotSent | Unavailable> {
    return this.#refuse(appId, plan) ?? this.#recoveries.begin(appId, plan);
  }

  /** The progress of a recovery; undefined if it is not remembered. */
  recovery(appId: string, id: string): Recovery | undefined | Unavailable {
    return this.#isHere() ? this.#recoveries.find(appId, id) : unavailable;
  }

  /** Cancels a recovery. */
  cancel(appId: string, id: string): Recovery | undefined | Unavailable {
    return this.#isHere() ? this.#recoveries.cancel(appId, id) : unavailable;
  }

  /** From now on, these apps are served. Nothing is kept of others. */
  replace(applications: readonly Pick<Application, 'id'>[]): void {
    const before = this.#served;
    this.#served = new Set(applications.map(({ id }) => id));
    for (const appId of before) if (!this.#served.has(appId)) this.forget(appId);
  }

  /** Forgets all losses of an app, and stops resending them. */
  forget(appId: string): void {
    this.#recoveries.forget(appId);
    this.#collector.forget(appId);
    this.#store.forget(appId);
  }

  /** Stops resending. From now on, losses are kept immediately. */
  stop(): void {
    this.#recoveries.stop();
    this.#collector.stop();
  }

  #refuse(appId: string, { endpointId }: RecoveryPlan): NotSent | Unavailable | undefined {
    if (!this.#isHere()) return unavailable;
    const target = this.#target(appId, endpointId);
    return target === undefined ? 'gone' : refuseResend(target);
  }
}
