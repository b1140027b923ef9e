import type { Outcome, WebhookRequest } from '../../../src/ports/webhook-sender.ts';
import type { ReceivedEvent } from '../property/fake-receivers.ts';
import { WebhookState, type Contradiction, type DescribedState } from '../webhook-state.ts';

/** A receiver that trusts each event. */
export class TrustingReceiver {
  isDown = false;
  /** The events that it has received, each delivery once. */
  readonly events: ReceivedEvent[] = [];
  readonly contradictions: Contradiction[] = [];
  readonly #ids = new Set<string>();
  readonly #state = new WebhookState();

  get state(): DescribedState {
    const { occupied, members } = this.#state;
    return { occupied: [...occupied], members: [...members] };
  }

  receive({ headers, body }: WebhookRequest): Outcome {
    if (this.isDown) return { kind: 'answered', status: 503 };
    const id = headers['webhook-id'] ?? '';
    if (!this.#ids.has(id)) {
      this.#ids.add(id);
      const { events } = JSON.parse(Buffer.from(body).toString()) as { events: ReceivedEvent[] };
      this.events.push(...events);
      for (const event of events) this.contradictions.push(...this.#state.apply(event));
    }
    return { kind: 'answered', status: 200 };
  }
}
