import type { AttemptResult, DeliveryView } from '../../../views/deliveries.ts';
import type { Tone } from '../components/tag.tsx';

/** The state of a delivery in a word. */
export function deliveryState({ status, attempts }: DeliveryView): {
  readonly word: string;
  readonly tone: Tone;
} {
  switch (status) {
    case 'delivered':
      return { word: 'Delivered', tone: 'good' };
    case 'pending':
      return attempts > 1 ? { word: 'Retrying', tone: 'warn' } : { word: 'Pending', tone: 'busy' };
    case 'dropped':
      return { word: 'Dropped', tone: 'bad' };
  }
}

/** What an attempt came to, in a word. */
export const resultWords = {
  success: 'taken',
  refused: 'refused',
  timeout: 'timed out',
  unreachable: 'not reached',
  pending: 'under way',
} as const;

/** What an attempt came to, as a colour. */
export function resultTone(result: AttemptResult | 'pending'): Tone {
  switch (result) {
    case 'success':
      return 'good';
    case 'pending':
      return 'busy';
    case 'refused':
    case 'timeout':
    case 'unreachable':
      return 'bad';
  }
}

const reasons: Readonly<Record<string, string>> = {
  expired: 'It was tried for five minutes and never taken.',
  overflow: 'The queue of the endpoint was full.',
  shutdown: 'The server was stopped before.',
  disabled: 'The endpoint was disabled or off.',
};

/** Why something was dropped, as a sentence. */
export function reasonSentence(reason: string): string {
  return reasons[reason] ?? `The reason given is "${reason}".`;
}
