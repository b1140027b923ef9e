import { api } from '../api.ts';
import { confirmed } from '../components/confirm.tsx';
import { toast } from '../components/toast.tsx';

/** A delivery that may be sent again. */
export interface Resendable {
  readonly id: string;
  readonly endpoint: string;
}

/** Asks whether a delivery shall be sent again, does so, and says what came of it. */
export async function resend(app: string, { id, endpoint }: Resendable, onResent: () => void): Promise<void> {
  const isSure = await confirmed({
    title: 'Send it again?',
    consequences: [
      'One attempt is made at once, with the same body, marked with X-Soketify-Resend.',
      'What it tells is old. A receiver that takes it for news may believe afterwards what is not true any more.',
      `To bring ${endpoint} to the truth, reconcile it under Truth instead: it is sent what is true now.`,
    ],
    action: 'Resend',
  });
  if (!isSure) return;
  const { result, status, error } = await api.resend(app, id);
  const isTaken = result === 'success';
  toast(`${isTaken ? 'Taken' : 'Not taken'}: ${status ?? error ?? result}`, isTaken ? 'good' : 'bad');
  onResent();
}
