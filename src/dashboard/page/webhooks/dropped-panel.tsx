import { Button, ButtonLink } from '../components/button.tsx';
import { JsonView } from '../components/code.tsx';
import { KeyValue } from '../components/key-value.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { Tag } from '../components/tag.tsx';
import { Ago, At } from '../components/time.tsx';
import type { DroppedDelivery } from '../../../views/dead-letters.ts';
import { plural } from '../format.ts';
import { useAction } from '../resource.ts';
import { href } from '../router.ts';
import { self } from '../session.ts';
import { Attempts } from './attempts.tsx';
import { resend } from './resend.ts';
import { SidePanel } from './side-panel.tsx';
import { reasonSentence } from './words.ts';

interface DroppedPanelProps {
  readonly app: string;
  readonly letter: DroppedDelivery;
  readonly onClose: () => void;
  readonly onResent: () => void;
}

/** All facts of a dead letter, beside the list. */
export function DroppedPanel({ app, letter, onClose, onResent }: DroppedPanelProps) {
  const action = useAction();
  const { id, endpoint, reason, attempts, attempts_made: made } = letter;
  return (
    <SidePanel id={id} label="Dropped delivery" onClose={onClose}>
      <div class="stack">
        <KeyValue
          items={{
            Dropped: (
              <>
                <At atMs={letter.dropped_at} />{' '}
                <span class="muted">
                  (<Ago atMs={letter.dropped_at} />)
                </span>
              </>
            ),
            Reason: (
              <>
                <Tag tone="bad">{reason}</Tag> <span class="muted">{reasonSentence(reason)}</span>
              </>
            ),
            Endpoint: endpoint,
            Happened: <At atMs={letter.time_ms} />,
          }}
        />
        <div class="actions">
          <Button
            icon="send"
            isBusy={action.isBusy}
            onClick={() => action.run(() => resend(app, letter, onResent))}
            changes
          >
            Resend
          </Button>
          <ButtonLink href={href(['apps', app, 'truth'], { endpoint })}>
            Compare with the true state
          </ButtonLink>
        </div>
        <ErrorNotice title="Not resent." error={action.error} />
        {self.value?.showsPayloads === false ? (
          <p class="hint">Payloads are not shown, because dashboard.payloads is off.</p>
        ) : (
          <JsonView label="Events" text={JSON.stringify(letter.events)} />
        )}
        <h3>Attempts</h3>
        {attempts.length < made && (
          <p class="hint">
            {plural(made, 'attempt')} {made === 1 ? 'was' : 'were'} made. The last {attempts.length} are kept.
          </p>
        )}
        <Attempts
          attempts={attempts.map(({ time_ms: atMs, elapsed_ms: elapsedMs, ...rest }) => ({
            ...rest,
            atMs,
            elapsedMs,
            headers: {},
          }))}
        />
      </div>
    </SidePanel>
  );
}
