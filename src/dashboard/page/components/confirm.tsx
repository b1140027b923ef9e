import { signal } from '@preact/signals';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

/** A question before an action that cannot be undone, or that sends webhooks. */
export interface Question {
  readonly title: string;
  /** The consequences, one sentence each. */
  readonly consequences: readonly string[];
  /** The text of the button, such as "Delete endpoint". */
  readonly action: string;
  readonly isDangerous?: boolean;
}

const asked = signal<{ question: Question; answer: (isYes: boolean) => void } | undefined>(undefined);

/** Asks, and returns whether the answer was yes. */
export function confirmed(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.value = {
      question,
      answer: (isYes) => {
        asked.value = undefined;
        resolve(isYes);
      },
    };
  });
}

/** Where the question appears. */
export function ConfirmHost() {
  const current = asked.value;
  if (current === undefined) return null;
  const { question, answer } = current;
  return (
    <Dialog title={question.title} onClose={() => answer(false)}>
      {question.consequences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <div class="dialog-actions">
        <Button onClick={() => answer(false)}>Cancel</Button>
        <Button kind={question.isDangerous === true ? 'danger' : 'primary'} onClick={() => answer(true)}>
          {question.action}
        </Button>
      </div>
    </Dialog>
  );
}
