import { useEffect } from 'preact/hooks';
import type { DeliveryDetail } from '../../../views/deliveries.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { JsonView } from '../components/code.tsx';
import { CopyButton } from '../components/copy.tsx';
import { KeyValue } from '../components/key-value.tsx';
import { ErrorNotice, Loading } from '../components/notice.tsx';
import { State } from '../components/tag.tsx';
import { Ago, At, Countdown } from '../components/time.tsx';
import { useAction, useReloadOn, useResource, type Action } from '../resource.ts';
import { self } from '../session.ts';
import { generation } from '../stream.ts';
import { now } from '../time.ts';
import { Attempts } from './attempts.tsx';
import { curlCommand } from './curl.ts';
import { Handlers } from './handlers.tsx';
import { resend } from './resend.ts';
import { SidePanel } from './side-panel.tsx';
import { deliveryState, reasonSentence } from './words.ts';

interface DeliveryPanelProps {
  readonly app: string;
  readonly id: string;
  readonly onClose: () => void;
}

/** All facts of a delivery, beside the list. */
export function DeliveryPanel({ app, id, onClose }: DeliveryPanelProps) {
  const delivery = useResource(`${app} ${id}`, (signal) => api.delivery(app, id, signal));
  const action = useAction();
  useReloadOn(generation.value, delivery.reload);
  useReloadWhenDue(delivery.value, delivery.reload);
  return (
    <SidePanel id={id} label="Delivery" onClose={onClose}>
      {delivery.error !== undefined && (
        <ErrorNotice
          error={delivery.error}
          {...(delivery.error.status === 404 && { title: 'This delivery is no longer kept.' })}
          onRetry={delivery.reload}
        />
      )}
      <ErrorNotice title="Not resent." error={action.error} />
      {delivery.value === undefined ? (
        delivery.error === undefined && <Loading what="the delivery" />
      ) : (
        <Content app={app} delivery={delivery.value} action={action} onResent={delivery.reload} />
      )}
    </SidePanel>
  );
}

interface ContentProps {
  readonly app: string;
  readonly delivery: DeliveryDetail;
  readonly action: Action;
  readonly onResent: () => void;
}

function Content({ app, delivery, action, onResent }: ContentProps) {
  const { word, tone } = deliveryState(delivery);
  const { nextAttemptAtMs, reason, status } = delivery;
  const last = delivery.attemptList.at(-1);
  return (
    <div class="stack">
      <KeyValue
        items={{
          Status: (
            <>
              <State tone={tone}>{word}</State>
              {reason !== undefined && <span class="muted"> {reasonSentence(reason)}</span>}
              {status === 'moved' && (
                <span class="muted">
                  {' '}
                  Another node has taken it over, and its Dashboard shows the outcome.
                </span>
              )}
            </>
          ),
          'Next attempt':
            status === 'pending' && nextAttemptAtMs !== undefined ? (
              <Countdown atMs={nextAttemptAtMs} />
            ) : undefined,
          Endpoint: (
            <>
              {delivery.endpoint} <span class="muted mono">{delivery.url}</span>
            </>
          ),
          Created: (
            <>
              <At atMs={delivery.atMs} />{' '}
              <span class="muted">
                (<Ago atMs={delivery.atMs} />)
              </span>
            </>
          ),
        }}
      />
      <div class="actions">
        <Button
          icon="send"
          isBusy={action.isBusy}
          onClick={() => action.run(() => resend(app, delivery, onResent))}
          changes
        >
          Resend
        </Button>
        {last !== undefined && (
          <CopyButton
            kind="plain"
            label="the request as curl"
            text={() => curlCommand(delivery, last.headers)}
          >
            Copy as curl
          </CopyButton>
        )}
      </div>
      {self.value?.showsPayloads === false ? (
        <p class="hint">Payloads are not shown, because dashboard.payloads is off.</p>
      ) : (
        <JsonView label="Body" text={delivery.body} />
      )}
      <h3>Attempts</h3>
      <Attempts attempts={delivery.attemptList} />
      <Handlers appKey={last?.headers['x-pusher-key'] ?? last?.headers['X-Pusher-Key'] ?? ''} />
    </div>
  );
}

const afterDueMs = 1500;

/** Reloads a delivery after its next attempt was due. */
function useReloadWhenDue(delivery: DeliveryDetail | undefined, reload: () => void): void {
  const due = delivery?.status === 'pending' ? delivery.nextAttemptAtMs : undefined;
  useEffect(() => {
    if (due === undefined) return undefined;
    const timer = setTimeout(reload, Math.max(0, due - now.peek()) + afterDueMs);
    return () => {
      clearTimeout(timer);
    };
  }, [due]);
}
