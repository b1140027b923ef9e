import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Empty, ErrorNotice, Loading } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { Table, type Column } from '../components/table.tsx';
import { toast } from '../components/toast.tsx';
import { count } from '../format.ts';
import { useNews } from '../live-reload.ts';
import { useAction, useResource } from '../resource.ts';
import { describeFault, type FaultBody } from './fault-body.ts';
import { ApiForm, ConnectionForm, WebhookForm } from './fault-forms.tsx';

/** An active fault, as the control API lists it. */
interface ActiveFault {
  readonly id: number;
  readonly appId?: string;
  readonly spec: FaultBody;
  readonly remaining?: number;
  readonly hits: number;
}

interface FaultList {
  readonly webhooks: readonly ActiveFault[];
  readonly connections: readonly ActiveFault[];
  readonly api: readonly ActiveFault[];
}

const kinds = { webhooks: 'Webhooks', connections: 'Connections', api: 'HTTP API' } as const;

type Kind = keyof typeof kinds;

/** The active faults, and forms that add more. */
export function Faults({ app }: { readonly app: string | undefined }) {
  const list = useResource('faults', () => api.control<FaultList>('GET', 'faults'));
  const { value, error, reload } = list;
  // A fault that takes effect causes a row of one of these types.
  useNews({ app, types: ['webhook failed', 'webhook sent', 'refused connection', 'refused request'] }, list);
  const action = useAction();
  const end = (path: string, text: string) =>
    action.run(async () => {
      await api.control('DELETE', path);
      reload();
      toast(text);
    });
  const inject = async (kind: Kind, body: FaultBody) => {
    const { id, hits } = await api.control<{ id: number; hits: number }>('POST', `faults/${kind}`, {
      ...body,
      ...(app !== undefined && { app }),
    });
    reload();
    toast(
      id === 0
        ? `Done. It took effect ${count(hits)} ${hits === 1 ? 'time' : 'times'}`
        : 'The fault is active',
    );
  };
  const rows = value === undefined ? [] : rowsOf(value);
  return (
    <>
      <Section
        title="Active faults"
        lead={app === undefined ? 'Of all apps.' : `Faults that you add here affect only app ${app}.`}
        actions={
          rows.length > 0 && (
            <Button changes isBusy={action.isBusy} onClick={() => end('faults', 'All faults are removed')}>
              Remove all
            </Button>
          )
        }
      >
        <ErrorNotice error={error} title="The faults could not be loaded" onRetry={reload} />
        <ErrorNotice error={action.error} />
        {value === undefined && error === undefined && <Loading what="the faults" />}
        {value !== undefined && rows.length === 0 && <Empty title="No fault is active" />}
        {rows.length > 0 && (
          <Table
            label="Active faults"
            columns={columnsFor((id) => end(`faults/${id}`, 'The fault is removed'))}
            rows={rows}
            keyOf={({ fault }) => fault.id}
          />
        )}
      </Section>
      <div class="columns three">
        <WebhookForm app={app} inject={(body) => inject('webhooks', body)} />
        <ConnectionForm inject={(body) => inject('connections', body)} />
        <ApiForm inject={(body) => inject('api', body)} />
      </div>
    </>
  );
}

interface FaultRow {
  readonly kind: Kind;
  readonly fault: ActiveFault;
}

function rowsOf(list: FaultList): readonly FaultRow[] {
  const of = (kind: Kind) => list[kind].map((fault) => ({ kind, fault }));
  return [...of('webhooks'), ...of('connections'), ...of('api')];
}

function columnsFor(end: (id: number) => void): readonly Column<FaultRow>[] {
  return [
    { title: 'Kind', cell: ({ kind }) => kinds[kind] },
    { title: 'What', kind: 'grow', cell: ({ fault }) => describeFault(fault.spec) },
    { title: 'App', kind: 'minor', cell: ({ fault }) => fault.appId ?? 'all' },
    { title: 'Hits', kind: 'end', cell: ({ fault }) => count(fault.hits) },
    {
      title: 'Left',
      kind: 'end',
      cell: ({ fault }) => (fault.remaining === undefined ? 'until removed' : count(fault.remaining)),
    },
    {
      title: 'Action',
      kind: 'end',
      cell: ({ fault }) => (
        <Button kind="quiet" changes onClick={() => end(fault.id)}>
          Remove
        </Button>
      ),
    },
  ];
}
