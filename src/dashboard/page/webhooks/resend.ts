import { api } from '../api.ts';
import { confirmed } from '../components/confirm.tsx';
import { toast } from '../components/toast.tsx';

/** A delivery that can be sent again. */
export interface Resendable {
  readonly id: string;
  readonly endpoint: string;
}

/** Sends a delivery again after a confirmation, and shows the result. */
export async function resend(app: string, { id, endpoint }: Resendable, onResent: () => void): Promise<void> {
  const isSure = await confirmed({
    title: 'Send this delivery again?',
    consequences: [
      'One attempt is made immediately, with the same body and the header X-Soketify-Resend.',
      'The events are old. A receiver that treats them as new may end up with a wrong state.',
      `To send the current state to ${endpoint} instead, repair it on the page Truth.`,
    ],
    action: 'Resend',
  });
  if (!isSure) return;
  const { result, status, error } = await api.resend(app, id);
  const isAccepted = result === 'success';
  toast(
    `${isAccepted ? 'Accepted' : 'Not accepted'}: ${status ?? error ?? result}`,
    isAccepted ? 'good' : 'bad',
  );
  onResent();
}
