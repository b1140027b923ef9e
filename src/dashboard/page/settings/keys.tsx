import { useState } from 'preact/hooks';
import type { AppView, KeyPairView, KeyView } from '../../../views/settings.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { confirmed } from '../components/confirm.tsx';
import { CopyButton } from '../components/copy.tsx';
import { LazyDetails } from '../components/lazy-details.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { Table } from '../components/table.tsx';
import { Tag } from '../components/tag.tsx';
import { Ago } from '../components/time.tsx';
import { toast } from '../components/toast.tsx';
import { count } from '../format.ts';
import { useAction, type Action } from '../resource.ts';
import { refresh } from '../session.ts';

/** The keys of an app: their use, their secrets on demand, and how to change them without an outage. */
export function KeysSection({ app }: { readonly app: AppView }) {
  const [pairs, setPairs] = useState<readonly KeyPairView[] | undefined>(undefined);
  const action = useAction();
  const show = () => {
    action.run(async () => {
      setPairs((await api.secrets(app.id)).pairs);
    });
  };
  const add = () => {
    action.run(async () => {
      const pair = await api.addKey(app.id, {});
      setPairs((before) => [...(before ?? []), pair]);
      await refresh();
      toast(`Added key ${pair.key}`);
    });
  };
  return (
    <Section
      title="Keys"
      lead="Clients connect with the key; backends sign with the secret. Webhooks are signed with the first pair."
      actions={
        <>
          {pairs === undefined ? (
            <Button onClick={show} isBusy={action.isBusy} changes>
              Show secrets
            </Button>
          ) : (
            <Button onClick={() => setPairs(undefined)}>Hide secrets</Button>
          )}
          {app.origin === 'run-time' && (
            <Button icon="plus" onClick={add} isBusy={action.isBusy} changes>
              Add a pair
            </Button>
          )}
        </>
      }
    >
      <ErrorNotice error={action.error} />
      <KeyTable app={app} pairs={pairs} action={action} />
      <Rotation isFile={app.origin === 'file'} />
    </Section>
  );
}

interface KeyTableProps {
  readonly app: AppView;
  readonly pairs: readonly KeyPairView[] | undefined;
  readonly action: Action;
}

function KeyTable({ app, pairs, action }: KeyTableProps) {
  const secretOf = (key: string) => pairs?.find((pair) => pair.key === key)?.secret;
  return (
    <Table
      label="Keys"
      rows={app.keys}
      keyOf={({ key }) => key}
      columns={[
        {
          title: 'Key',
          kind: 'grow',
          cell: ({ key, isFirst }) => (
            <span class="inline">
              <code>{key}</code>
              <CopyButton text={key} label={`key ${key}`} />
              {isFirst && <Tag tone="accent">signs webhooks</Tag>}
            </span>
          ),
        },
        { title: 'Secret', kind: 'minor', cell: ({ key }) => <Secret secret={secretOf(key)} of={key} /> },
        { title: 'Uses since the start', kind: 'end', cell: ({ uses }) => count(uses) },
        { title: 'Last use', kind: 'minor', cell: (key) => <LastUse value={key} /> },
        ...(app.origin === 'file'
          ? []
          : [
              {
                title: 'Change',
                cell: (key: KeyView) => <KeyActions app={app} value={key} action={action} />,
              },
            ]),
      ]}
    />
  );
}

function Secret({ secret, of }: { readonly secret: string | undefined; readonly of: string }) {
  if (secret === undefined) return <span class="muted">hidden</span>;
  return (
    <span class="inline">
      <code>{secret}</code>
      <CopyButton text={secret} label={`the secret of ${of}`} />
    </span>
  );
}

function LastUse({ value }: { readonly value: KeyView }) {
  if (value.lastUsedAtMs === undefined) return <span class="muted nowrap">not since the start</span>;
  return (
    <span class="nowrap">
      <Ago atMs={value.lastUsedAtMs} />
    </span>
  );
}

function KeyActions({
  app,
  value,
  action,
}: {
  readonly app: AppView;
  readonly value: KeyView;
  readonly action: Action;
}) {
  if (value.isFirst) return <span class="muted">in use</span>;
  return (
    <span class="inline">
      <Button kind="quiet" onClick={() => action.run(() => makeFirst(app, value))} changes>
        Make it first
      </Button>
      <Button
        kind="quiet"
        icon="trash"
        label={`Remove key ${value.key}`}
        onClick={() => action.run(() => removeKey(app, value))}
        changes
      />
    </span>
  );
}

function Rotation({ isFile }: { readonly isFile: boolean }) {
  return (
    <LazyDetails summary="Change a key without an outage">
      {({ rotation }) => (
        <>
          <ol class="steps">
            {rotation.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          {isFile && <p class="hint">{rotation.inFile}</p>}
        </>
      )}
    </LazyDetails>
  );
}

async function makeFirst(app: AppView, { key }: KeyView): Promise<void> {
  const isSure = await confirmed({
    title: `Sign webhooks with ${key}?`,
    consequences: [
      'From the next request on, X-Pusher-Key is this key.',
      'A receiver that knows only the old secret will then refuse webhooks.',
    ],
    action: 'Make it first',
  });
  if (!isSure) return;
  await api.makeKeyFirst(app.id, key);
  await refresh();
  toast(`Webhooks are signed with ${key}`);
}

async function removeKey(app: AppView, { key, uses, lastUsedAtMs }: KeyView): Promise<void> {
  const isSure = await confirmed({
    title: `Remove key ${key}?`,
    consequences: [
      'Clients and backends that still use it are refused from now on.',
      lastUsedAtMs === undefined
        ? 'It was not used since this process started.'
        : `It was used ${count(uses)} times since this process started, on this node.`,
    ],
    action: 'Remove key',
    isDangerous: true,
  });
  if (!isSure) return;
  await api.removeKey(app.id, key);
  await refresh();
  toast(`Removed key ${key}`);
}
