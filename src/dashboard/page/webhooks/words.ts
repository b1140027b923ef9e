import type { AttemptResult, DeliveryView } from '../../../views/deliveries.ts';
import type { Tone } from '../components/tag.tsx';

/** The state of a delivery as one word. */
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
    case 'moved':
      return { word: 'Moved', tone: 'calm' };
  }
}

/** The results of attempts, as words. */
export const resultWords = {
  success: 'accepted',
  refused: 'refused',
  timeout: 'timed out',
  unreachable: 'not reached',
  pending: 'in progress',
} as const;

/** The colour of a result. */
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
  expired: 'It was not accepted within five minutes.',
  overflow: 'The queue of the endpoint was full.',
  shutdown: 'The server stopped before it was accepted.',
  disabled: 'The endpoint was disabled or paused as off.',
};

/** The reason for a drop, as a sentence. */
export function reasonSentence(reason: string): string {
  return reasons[reason] ?? `The reason is "${reason}".`;
}
