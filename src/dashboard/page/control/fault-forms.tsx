import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../components/button.tsx';
import { Check, Choice, Field } from '../components/field.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { useAction } from '../resource.ts';
import { apps, appWithId } from '../session.ts';
import {
  apiFault,
  connectionFault,
  mayBeDelivered,
  webhookFault,
  type ApiFaultForm,
  type ConnectionFaultForm,
  type ConnectionTarget,
  type FaultBody,
  type WebhookEffect,
  type WebhookFaultForm,
} from './fault-body.ts';

interface FormProps {
  readonly inject: (body: FaultBody) => Promise<void>;
}

/** A form with one button and the error that the server returned. */
function FaultForm({
  title,
  action: verb,
  body,
  inject,
  children,
}: FormProps & {
  readonly title: string;
  readonly action: string;
  readonly body: () => FaultBody;
  readonly children: ComponentChildren;
}) {
  const action = useAction();
  return (
    <Section title={title}>
      <form
        class="fault-form"
        onSubmit={(event) => {
          event.preventDefault();
          action.run(() => inject(body()));
        }}
      >
        {children}
        <ErrorNotice error={action.error} />
        <div class="actions">
          <Button type="submit" changes isBusy={action.isBusy}>
            {verb}
          </Button>
        </div>
      </form>
    </Section>
  );
}

interface Form<Fields> {
  readonly form: Fields;
  readonly edit: (changes: Partial<Fields>) => void;
  /** Binds a text field to the form. */
  readonly text: (key: keyof Fields) => Pick<Parameters<typeof Field>[0], 'value' | 'onInput'>;
}

function useForm<Fields extends { readonly [Key in keyof Fields]: string | boolean }>(
  empty: Fields,
): Form<Fields> {
  const [form, setForm] = useState(empty);
  return {
    form,
    edit: (changes) => setForm({ ...form, ...changes }),
    text: (key) => ({
      value: String(form[key]),
      onInput: (value) => setForm({ ...form, [key]: value }),
    }),
  };
}

const effects: readonly { readonly value: WebhookEffect; readonly text: string }[] = [
  { value: 'status', text: 'gets a status' },
  { value: 'reset', text: 'has its connection reset' },
  { value: 'refuse', text: 'has its connection refused' },
  { value: 'timeout', text: 'times out' },
  { value: 'delay', text: 'is sent later' },
  { value: 'duplicate', text: 'is sent twice' },
];

const noWebhookFault: WebhookFaultForm = {
  effect: 'status',
  endpoint: '',
  times: '1',
  status: '503',
  retryAfterMs: '',
  delayMs: '',
  delivered: false,
};

/** Requests to endpoints fail, are delayed, or are sent twice. */
export function WebhookForm({ inject, app }: FormProps & { readonly app: string | undefined }) {
  const { form, edit, text } = useForm(noWebhookFault);
  const { effect } = form;
  const endpoints = (app === undefined ? apps.value : [appWithId(app)]).flatMap(
    (one) => one?.endpoints ?? [],
  );
  // The chosen one may have been deleted, or belong to an app that was shown before.
  const endpoint = endpoints.some(({ id }) => id === form.endpoint) ? form.endpoint : '';
  return (
    <FaultForm
      title="A request to an endpoint …"
      action="Add fault"
      body={() => webhookFault({ ...form, endpoint })}
      inject={inject}
    >
      <Choice
        label="What happens"
        value={effect}
        options={effects}
        onChange={(value) => edit({ effect: value })}
      />
      {effect === 'status' && (
        <div class="creator-row">
          <Field label="Status" {...text('status')} />
          <Field label="Retry-After" unit="ms" placeholder="none" {...text('retryAfterMs')} />
        </div>
      )}
      <Choice
        label="Endpoint"
        value={endpoint}
        options={[
          { value: '', text: 'Any endpoint' },
          ...endpoints.map(({ id, url }) => ({ value: id, text: `${id} (${url})` })),
        ]}
        onChange={(chosen) => edit({ endpoint: chosen })}
      />
      <div class="creator-row">
        <Times {...text('times')} />
        <Field
          label={effect === 'delay' ? 'Delay' : 'Delay before it'}
          unit="ms"
          placeholder="0"
          {...text('delayMs')}
        />
      </div>
      {mayBeDelivered(effect) && (
        <Check
          label="The endpoint still receives the request"
          isOn={form.delivered}
          onChange={(delivered) => edit({ delivered })}
          hint="Only its response is lost, so it receives the same events again."
        />
      )}
    </FaultForm>
  );
}

const targets: readonly { readonly value: ConnectionTarget; readonly text: string }[] = [
  { value: 'all', text: 'all connections' },
  { value: 'channel', text: 'subscribers of a channel' },
  { value: 'userId', text: 'connections of a user' },
  { value: 'socketId', text: 'one connection' },
];

const targetLabels = { all: '', channel: 'Channel', userId: 'User', socketId: 'socket_id' } as const;

const noConnectionFault: ConnectionFaultForm = {
  action: 'drop',
  target: 'all',
  value: '',
  code: '',
  times: '1',
};

/** Closes connections now, or refuses new ones. */
export function ConnectionForm({ inject }: FormProps) {
  const { form, edit, text } = useForm(noConnectionFault);
  const { action, target } = form;
  return (
    <FaultForm
      title="Connections …"
      action={action === 'drop' ? 'Close now' : 'Add fault'}
      body={() => connectionFault(form)}
      inject={inject}
    >
      <Choice
        label="What happens"
        value={action}
        options={[
          { value: 'drop', text: 'are closed now' },
          { value: 'refuse', text: 'are refused from now on' },
        ]}
        onChange={(value) => edit({ action: value, code: value === 'refuse' ? '4100' : '' })}
      />
      {action === 'drop' && (
        <Choice
          label="Which"
          value={target}
          options={targets}
          onChange={(value) => edit({ target: value })}
        />
      )}
      {action === 'drop' && target !== 'all' && (
        <Field label={targetLabels[target]} {...text('value')} isRequired />
      )}
      <Field
        label="Close code"
        placeholder={action === 'drop' ? 'none: no close frame' : '4100'}
        {...text('code')}
        hint="4000 to 4099: do not reconnect. 4100 to 4199: reconnect after a delay. 4200 to 4299: reconnect immediately."
      />
      {action === 'refuse' && <Times {...text('times')} />}
    </FaultForm>
  );
}

const noApiFault: ApiFaultForm = { status: '503', path: '', body: '', times: '1' };

/** The HTTP API returns an error and does nothing. */
export function ApiForm({ inject }: FormProps) {
  const { form, text } = useForm(noApiFault);
  return (
    <FaultForm
      title="A request to the HTTP API …"
      action="Add fault"
      body={() => apiFault(form)}
      inject={inject}
    >
      <div class="creator-row">
        <Field label="gets the status" {...text('status')} />
        <Times {...text('times')} />
      </div>
      <Field label="Only paths that contain" placeholder="any, or /events" {...text('path')} />
      <Field label="Body of the response" {...text('body')} />
    </FaultForm>
  );
}

function Times(props: Pick<Parameters<typeof Field>[0], 'value' | 'onInput'>) {
  return <Field label="Times" placeholder="until removed" {...props} />;
}
