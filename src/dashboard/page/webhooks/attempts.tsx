import { useState } from 'preact/hooks';
import type { AttemptView } from '../../../views/deliveries.ts';
import { Code, JsonView } from '../components/code.tsx';
import { State } from '../components/tag.tsx';
import { At } from '../components/time.tsx';
import { duration } from '../format.ts';
import { resultTone, resultWords } from './words.ts';

/** The attempts of a delivery, newest first. Each opens to show its request and response. */
export function Attempts({ attempts }: { readonly attempts: readonly AttemptView[] }) {
  if (attempts.length === 0) return <p class="muted">None yet.</p>;
  return (
    <ol class="attempts">
      {attempts.toReversed().map((attempt, index) => (
        <Attempt key={`${attempt.number} ${attempt.resend ?? ''}`} attempt={attempt} isNewest={index === 0} />
      ))}
    </ol>
  );
}

function Attempt({ attempt, isNewest }: { readonly attempt: AttemptView; readonly isNewest: boolean }) {
  // It stays open when a newer one appears, because it may be being read.
  const [isOpen] = useState(isNewest);
  return (
    <li>
      <details open={isOpen}>
        <summary>
          <span class="numbers">
            {attempt.resend === undefined ? `#${attempt.number}` : `Resend ${attempt.resend}`}
          </span>
          <State tone={resultTone(attempt.result)}>
            {attempt.status === undefined ? '' : `${attempt.status} `}
            {resultWords[attempt.result]}
          </State>
          <span class="muted">
            {attempt.elapsedMs !== undefined && `after ${duration(attempt.elapsedMs)}, `}
            <At atMs={attempt.atMs} />
          </span>
        </summary>
        <AttemptContent attempt={attempt} />
      </details>
    </li>
  );
}

function AttemptContent({ attempt }: { readonly attempt: AttemptView }) {
  const { error, answer, headers } = attempt;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <div class="stack">
      {error !== undefined && <p class="bad-text wrap">{error}</p>}
      {answer !== undefined && answer !== '' && <JsonView label="Response (first 4 KB)" text={answer} />}
      {answer === '' && <p class="muted">The response had no body.</p>}
      {lines.length > 0 && <Code label="Headers as sent" text={lines.join('\n')} />}
    </div>
  );
}
