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

/** A fault in force, as the control API lists it. */
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

/** Faults in force, and forms for more. */
export function Faults({ app }: { readonly app: string | undefined }) {
  const list = useResource('faults', () => api.control<FaultList>('GET', 'faults'));
  const { value, error, reload } = list;
  // A fault that strikes shows itself in one of these.
  useNews(
    { app, types: ['webhook failed', 'webhook sent', 'refused connection', 'refused request'] },
    reload,
  );
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
      id === 0 ? `Done: it struck ${count(hits)} ${hits === 1 ? 'time' : 'times'}` : 'The fault is in force',
    );
  };
  const rows = value === undefined ? [] : rowsOf(value);
  return (
    <>
      <Section
        title="Faults in force"
        lead={app === undefined ? 'Of all apps.' : `Faults that are added here concern app ${app} only.`}
        actions={
          rows.length > 0 && (
            <Button changes isBusy={action.isBusy} onClick={() => end('faults', 'All faults are ended')}>
              End all
            </Button>
          )
        }
      >
        <ErrorNotice error={error} title="The faults cannot be read" onRetry={reload} />
        <ErrorNotice error={action.error} />
        {value === undefined && error === undefined && <Loading what="the faults" />}
        {value !== undefined && rows.length === 0 && <Empty title="Everything works as it should" />}
        {rows.length > 0 && (
          <Table
            label="Faults in force"
            columns={columnsFor((id) => end(`faults/${id}`, 'The fault is ended'))}
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
    { title: 'Struck', kind: 'end', cell: ({ fault }) => count(fault.hits) },
    {
      title: 'Left',
      kind: 'end',
      cell: ({ fault }) => (fault.remaining === undefined ? 'until ended' : count(fault.remaining)),
    },
    {
      title: 'Action',
      kind: 'end',
      cell: ({ fault }) => (
        <Button kind="quiet" changes onClick={() => end(fault.id)}>
          End
        </Button>
      ),
    },
  ];
}
