import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { EndpointView } from '../../../views/settings.ts';
import { eventNames } from '../../../webhooks/event.ts';
import { api } from '../api.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { confirmed } from '../components/confirm.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { State, Tag, type Tone } from '../components/tag.tsx';
import { Ago } from '../components/time.tsx';
import { toast } from '../components/toast.tsx';
import { bytes, duration, plural } from '../format.ts';
import { useAction, type Action } from '../resource.ts';
import { href } from '../router.ts';
import { mayChange, onThisNode, refresh } from '../session.ts';
import { PauseDialog } from './pause.tsx';
import { TestDialog } from './test-send.tsx';

interface EndpointCardProps {
  readonly app: string;
  readonly endpoint: EndpointView;
  /** The address of its form in the settings. */
  readonly editHref: string;
}

/** An endpoint: its settings, its state, and its actions. */
export function EndpointCard(props: EndpointCardProps) {
  const { app, endpoint } = props;
  const action = useAction();
  const [open, setOpen] = useState<'pause' | 'test' | undefined>(undefined);
  const { word, tone } = stateOf(endpoint);
  return (
    <li class="card">
      <div class="card-head">
        <State tone={tone}>{word}</State>
        <h3 class="wrap">
          <a href={href(['apps', app, 'webhooks', 'deliveries'], { q: `endpoint:${endpoint.id}` })}>
            {endpoint.id}
          </a>
        </h3>
        <Origin endpoint={endpoint} />
        <div class="card-actions">
          <Button kind="quiet" icon="send" onClick={() => setOpen('test')} changes>
            Test
          </Button>
          <PauseButton {...props} action={action} onPause={() => setOpen('pause')} />
          {endpoint.origin === 'run-time' && (
            <>
              {mayChange.value && (
                <ButtonLink kind="quiet" icon="edit" href={props.editHref}>
                  Edit
                </ButtonLink>
              )}
              <Button
                kind="quiet"
                icon="trash"
                label={`Delete ${endpoint.id}`}
                isBusy={action.isBusy}
                onClick={() => action.run(() => remove(app, endpoint))}
                changes
              />
            </>
          )}
        </div>
      </div>
      <p class="wrap mono">{endpoint.url}</p>
      <Chosen endpoint={endpoint} />
      <Doing endpoint={endpoint} />
      <ErrorNotice error={action.error} />
      {open === 'pause' && <PauseDialog app={app} endpoint={endpoint} onClose={() => setOpen(undefined)} />}
      {open === 'test' && <TestDialog app={app} endpoint={endpoint} onClose={() => setOpen(undefined)} />}
    </li>
  );
}

/** The state of an endpoint in a word. */
export function stateOf(endpoint: EndpointView): { readonly word: string; readonly tone: Tone } {
  if (!endpoint.enabled) return { word: 'Disabled', tone: 'calm' };
  if (endpoint.pause?.how === 'hold') return { word: 'On hold', tone: 'warn' };
  if (endpoint.pause?.how === 'off') return { word: 'Off', tone: 'warn' };
  if (endpoint.queue?.isFailing === true) return { word: 'Failing', tone: 'bad' };
  return { word: 'Active', tone: 'good' };
}

function Origin({ endpoint }: { readonly endpoint: EndpointView }) {
  return endpoint.origin === 'file' ? <Tag>set in the configuration file</Tag> : null;
}

function PauseButton({
  app,
  endpoint,
  action,
  onPause,
}: EndpointCardProps & { readonly action: Action; readonly onPause: () => void }) {
  if (endpoint.pause === undefined)
    return (
      <Button kind="quiet" icon="pause" onClick={onPause} changes>
        Pause
      </Button>
    );
  const resume = async () => {
    await api.resume(app, endpoint.id);
    await refresh();
    toast(`Resumed ${endpoint.id}`);
  };
  return (
    <Button kind="plain" icon="play" isBusy={action.isBusy} onClick={() => action.run(resume)} changes>
      Resume
    </Button>
  );
}

function Chosen({ endpoint }: { readonly endpoint: EndpointView }) {
  const { eventTypes, channels, batch, headers } = endpoint;
  const filters = [
    channels.startsWith === '' ? '' : `channels ${channels.startsWith}*`,
    channels.endsWith === '' ? '' : `channels *${channels.endsWith}`,
    batch.maxEvents === 1 ? 'one event per webhook' : `up to ${batch.maxEvents} events per webhook`,
    endpoint.standardSignature ? 'Standard Webhooks signature' : '',
    endpoint.reconcile ? 'reconcile' : '',
    Object.keys(headers).length === 0 ? '' : plural(Object.keys(headers).length, 'header'),
  ].filter(Boolean);
  return (
    <p class="chips">
      {eventTypes.length === eventNames.length ? (
        <Tag tone="accent">all event types</Tag>
      ) : (
        eventTypes.map((name) => (
          <Tag key={name} tone="accent">
            {name}
          </Tag>
        ))
      )}
      <span class="muted small">{filters.join(' · ')}</span>
    </p>
  );
}

function Doing({ endpoint }: { readonly endpoint: EndpointView }) {
  const { queue, lastAttempt, pause } = endpoint;
  const parts: ComponentChildren[] = [];
  if (queue === undefined) parts.push('Other nodes send the webhooks. This node does not know their queues.');
  else if (queue.events === 0) parts.push(`Nothing waits${onThisNode.value}.`);
  else
    parts.push(
      `${plural(queue.events, 'event')} ${queue.events === 1 ? 'waits' : 'wait'}${onThisNode.value} (${bytes(queue.bytes)}), the oldest for ${duration(queue.oldestAgeMs)}.`,
    );
  if (queue?.isFailing === true)
    parts.push(' The endpoint is failing. Attempts are made one at a time until one succeeds.');
  return (
    <p class="small muted">
      {parts}{' '}
      {lastAttempt !== undefined && (
        <>
          Last attempt <Ago atMs={lastAttempt.atMs} />:{' '}
          <span class={lastAttempt.result === 'success' ? 'good-text' : 'bad-text'}>
            {lastAttempt.status ?? lastAttempt.result}
          </span>
          .{' '}
        </>
      )}
      {pause !== undefined && (
        <>
          Paused <Ago atMs={pause.sinceMs} />:{' '}
          {pause.how === 'hold' ? 'new events wait.' : 'new events are dropped and listed.'}
        </>
      )}
    </p>
  );
}

function describeWaiting(events: string, isOnHold: boolean): string {
  return isOnHold
    ? `It does not receive the ${events}, because it is on hold.`
    : `It still receives the ${events}.`;
}

async function remove(app: string, { id, queue, pause }: EndpointView): Promise<void> {
  const waiting = queue?.events ?? 0;
  const isSure = await confirmed({
    title: `Delete endpoint ${id}?`,
    consequences: [
      'No node sends it new events.',
      ...(waiting === 0 ? [] : [describeWaiting(plural(waiting, 'pending event'), pause?.how === 'hold')]),
      'Its receiver is not notified that channels become vacant, so it keeps its last state.',
    ],
    action: 'Delete endpoint',
    isDangerous: true,
  });
  if (!isSure) return;
  await api.removeEndpoint(app, id);
  await refresh();
  toast(`Deleted endpoint ${id}`);
}
