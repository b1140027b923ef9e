import { useEffect, useState } from 'preact/hooks';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { confirmed } from '../components/confirm.tsx';
import { Choice, Field } from '../components/field.tsx';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { toast } from '../components/toast.tsx';
import type { RecoverPlan, RecoverStart, Recovery } from '../../../views/dead-letters.ts';
import { count, plural } from '../format.ts';
import { useAction, useEvery, useResource } from '../resource.ts';
import { route, setQuery } from '../router.ts';
import { appWithId, onThisNode } from '../session.ts';
import { faultAt } from '../faults.ts';
import { now } from '../time.ts';
import { sinceText } from './since.ts';

const progressMs = 1000;

interface RecoverPanelProps {
  readonly app: string;
  /** The id of the endpoint. With an unknown id the first endpoint is used. */
  readonly chosen: string;
  readonly onClose: () => void;
  readonly onSent: () => void;
}

/** Sends dead letters again: first an estimate, then a confirmation, then the progress. */
export function RecoverPanel({ app, chosen, onClose, onSent }: RecoverPanelProps) {
  const endpoints = appWithId(app)?.endpoints ?? [];
  const endpoint = endpoints.find(({ id }) => id === chosen) ?? endpoints[0];
  const recovery = route.value.query['recovery'];
  if (endpoint === undefined) return <Notice title="This app has no endpoint." />;
  return (
    <section class="panel form spaced recover" aria-labelledby="recover">
      <header class="section-head">
        <h2 id="recover">Recover</h2>
        <Button kind="quiet" icon="close" label="Close recovery" onClick={onClose} />
      </header>
      <Choice
        label="Endpoint"
        value={endpoint.id}
        options={endpoints.map(({ id }) => ({ value: id, text: id }))}
        onChange={(id) => setQuery({ recover: id, recovery: undefined })}
      />
      {recovery === undefined ? (
        <Plan
          key={endpoint.id}
          app={app}
          endpoint={endpoint.id}
          // With Redis, the page Truth cannot repair an endpoint.
          canReconcile={endpoint.reconcile || onThisNode.value !== ''}
        />
      ) : (
        <Progress key={recovery} app={app} id={recovery} onSent={onSent} />
      )}
    </section>
  );
}

interface PlanProps {
  readonly app: string;
  readonly endpoint: string;
  readonly canReconcile: boolean;
}

interface Estimate {
  /** The text of the field. */
  readonly since: string;
  /** What was counted. The same is sent, although an age such as 10m means a later time by then. */
  readonly plan: RecoverPlan;
  readonly matched: RecoverStart['matched'];
}

function Plan({ app, endpoint, canReconcile }: PlanProps) {
  const [since, setSince] = useState('');
  const [latest, setEstimate] = useState<Estimate | undefined>(undefined);
  // An estimate is about what was asked. The field may have changed since.
  const estimate = latest?.since === since ? latest : undefined;
  const action = useAction();
  const ask = () => {
    action.run(async () => {
      const from = sinceText(since, now.peek());
      const plan = { endpoint, ...(from !== '' && { since: from }) };
      const { matched } = await api.recover(app, { ...plan, dry_run: true });
      setEstimate({ since, plan, matched });
    });
  };
  const begin = ({ plan, matched }: Estimate) => {
    action.run(async () => {
      if (!(await isSure(endpoint, matched))) return;
      const { id } = await api.recover(app, plan);
      setQuery({ recovery: id });
    });
  };
  return (
    <>
      <Field
        label="Dropped since"
        placeholder="all kept deliveries"
        hint="An age such as 10m, 2h or 1d, or a time such as 2026-01-31T12:00:00Z."
        value={since}
        onInput={setSince}
        fault={faultAt(action.error?.faults ?? [], 'since')}
      />
      <ErrorNotice error={action.error} />
      <div class="actions" aria-live="polite">
        <Button onClick={ask} isBusy={action.isBusy} changes>
          Estimate
        </Button>
        {estimate !== undefined && (
          <span>
            {plural(estimate.matched.deliveries, 'delivery', 'deliveries')} with{' '}
            {plural(estimate.matched.events, 'event')} would be sent again.
          </span>
        )}
        {estimate !== undefined && estimate.matched.deliveries > 0 && (
          <Button kind="primary" icon="send" onClick={() => begin(estimate)} isBusy={action.isBusy} changes>
            Send them
          </Button>
        )}
      </div>
      <Reconcile app={app} endpoint={endpoint} canReconcile={canReconcile} />
    </>
  );
}

function Reconcile({ app, endpoint, canReconcile }: PlanProps) {
  const action = useAction();
  const reconcile = () => {
    action.run(async () => {
      const { channels } = await api.reconcile(app, endpoint);
      toast(`Comparing ${plural(channels, 'channel')} of ${endpoint}`);
    });
  };
  return (
    <>
      <Notice
        title="To send the current state instead of old events:"
        actions={
          canReconcile && (
            <Button onClick={reconcile} isBusy={action.isBusy} changes>
              Reconcile now
            </Button>
          )
        }
      >
        <span>
          {canReconcile
            ? 'Reconcile sends only the events that bring the endpoint back to the true state.'
            : 'Reconcile is off for this endpoint. Repair it on the page Truth.'}
        </span>
      </Notice>
      <ErrorNotice error={action.error} />
    </>
  );
}

function isSure(endpoint: string, { deliveries, events }: RecoverStart['matched']): Promise<boolean> {
  return confirmed({
    title: `Send ${plural(deliveries, 'delivery', 'deliveries')} to ${endpoint} again?`,
    consequences: [
      `${plural(events, 'event')} ${events === 1 ? 'is' : 'are'} sent in the original order. Each webhook has the header X-Soketify-Resend.`,
      'The events are old. A receiver that treats them as new may end up with a wrong state.',
      'Sending stops after three failures in a row, or when you cancel it.',
    ],
    action: 'Send them',
  });
}

const endSentences: Readonly<Record<Recovery['state'], string>> = {
  running: 'Sending.',
  finished: 'Finished.',
  cancelled: 'Cancelled.',
  stopped: 'Stopped.',
};

function Progress({
  app,
  id,
  onSent,
}: {
  readonly app: string;
  readonly id: string;
  readonly onSent: () => void;
}) {
  const recovery = useResource(`${app} ${id}`, (signal) => api.recovery(app, id, signal));
  const action = useAction();
  // A restart of the server ends a recovery and forgets it.
  const isForgotten = recovery.error?.status === 404;
  const value = isForgotten ? undefined : recovery.value;
  const isRunning = value?.state === 'running';
  useEvery(progressMs, async () => {
    if (isRunning && !recovery.isLoading) recovery.reload();
    await Promise.resolve();
  });
  useEffect(() => {
    if (value !== undefined && !isRunning) onSent();
  }, [value === undefined, isRunning]);
  const cancel = () => {
    action.run(async () => {
      recovery.set(await api.cancelRecovery(app, id));
    });
  };
  if (value === undefined)
    return recovery.error === undefined ? null : (
      <>
        <ErrorNotice error={recovery.error} onRetry={recovery.reload} />
        <RecoverMore />
      </>
    );
  const { matched, sent, failed, skipped, left, state, cause } = value;
  return (
    <>
      <progress
        max={Math.max(1, matched.deliveries)}
        value={matched.deliveries - left}
        aria-label="Progress"
      />
      <div role="status">
        <strong>{endSentences[state]}</strong> {cause !== undefined && `${cause}. `}
        {count(sent)} accepted, {count(failed)} failed, {count(skipped)} skipped, {count(left)} left of{' '}
        {count(matched.deliveries)}.
      </div>
      <ErrorNotice error={recovery.error} />
      <ErrorNotice error={action.error} />
      <div class="actions">
        {isRunning ? (
          <Button kind="danger" onClick={cancel} isBusy={action.isBusy} changes>
            Cancel
          </Button>
        ) : (
          <RecoverMore />
        )}
      </div>
    </>
  );
}

function RecoverMore() {
  return <Button onClick={() => setQuery({ recovery: undefined })}>Recover more</Button>;
}
