import { useState } from 'preact/hooks';
import type { AppSettings, AppView } from '../../../views/settings.ts';
import type { Limit } from '../../../protocol/limits.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Check, Field, TextField } from '../components/field.tsx';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { toast } from '../components/toast.tsx';
import { count, plural } from '../format.ts';
import { useAction } from '../resource.ts';
import { mayChange, refresh } from '../session.ts';
import { faultAt } from '../faults.ts';
import { useReference } from '../use-reference.ts';
import { changedLimits, limitTexts } from './limit-draft.ts';

const switches = [
  ['enabled', 'Enabled', 'If this is off, clients and backends of this app are refused.'],
  [
    'clientEvents',
    'Client events',
    'Clients may send events to each other on private and presence channels.',
  ],
  [
    'subscriptionCount',
    'Subscription counts',
    'Subscribers receive the number of subscribers, and endpoints may select subscription_count.',
  ],
  ['watchlist', 'Watchlist events', 'Users may watch whether other users are online.'],
  ['forceTls', 'Force TLS', 'Connections and requests without TLS are refused.'],
] as const;

type SwitchName = (typeof switches)[number][0];

/** The switches of an app. Each takes effect immediately. */
export function SwitchesSection({ app }: { readonly app: AppView }) {
  const action = useAction();
  const isLocked = app.origin === 'file' || !mayChange.value;
  const change = (name: SwitchName, isOn: boolean) => {
    action.run(async () => {
      await api.changeApp(app.id, { [name]: isOn });
      await refresh();
      toast('Saved');
    });
  };
  return (
    <Section title="Switches" lead={originSentence(app)}>
      <ErrorNotice title="Not saved." error={action.error} />
      <div class="panel checks">
        {switches.map(([name, label, hint]) => (
          <Check
            key={name}
            label={label}
            hint={hint}
            isOn={app[name]}
            isDisabled={isLocked}
            onChange={(isOn) => change(name, isOn)}
          />
        ))}
      </div>
    </Section>
  );
}

/** Allowed origins and limits of an app. */
export function LimitsSection({ app }: { readonly app: AppView }) {
  // Only what was edited is kept, so that a save does not change back what another tab has changed.
  const [edits, setEdits] = useState<Readonly<Record<string, string>>>({});
  const [editedOrigins, setOrigins] = useState<string | undefined>(undefined);
  const texts = { ...limitTexts(app.limits), ...edits };
  const origins = editedOrigins ?? app.allowedOrigins.join('\n');
  const [wrong, setWrong] = useState<string | undefined>(undefined);
  const action = useAction();
  const isLocked = app.origin === 'file' || !mayChange.value;
  const faults = action.error?.faults ?? [];
  const save = () => {
    const limits = changedLimits(app.limits, texts);
    setWrong(typeof limits === 'string' ? limits : undefined);
    if (typeof limits === 'string') return;
    const allowedOrigins = origins
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    const changes: Partial<AppSettings> = {
      limits,
      ...(editedOrigins !== undefined && { allowedOrigins }),
    };
    action.run(async () => {
      await api.changeApp(app.id, changes);
      await refresh();
      // What was edited during the request is not saved yet.
      setEdits((latest) => (latest === edits ? {} : latest));
      setOrigins((latest) => (latest === editedOrigins ? undefined : latest));
      toast('Saved');
    });
  };
  const names = Object.keys(app.limits);
  const known: Readonly<Record<string, Limit>> = useReference().value?.limits ?? {};
  return (
    <Section title="Origins and limits" lead={originSentence(app)}>
      <details open={faults.length > 0 || undefined}>
        <summary>
          {app.allowedOrigins.length === 0
            ? 'Any origin'
            : plural(app.allowedOrigins.length, 'allowed origin')}
          , {count(names.length)} limits
        </summary>
        <form
          class="panel form"
          aria-label="Origins and limits"
          onSubmit={(event) => {
            event.preventDefault();
            if (!isLocked) save();
          }}
        >
          <TextField
            label="Allowed origins"
            isDisabled={isLocked}
            hint="Origins of pages from which clients may connect, one per line. If empty, any origin may."
            rows={2}
            placeholder="https://example.com"
            value={origins}
            onInput={setOrigins}
            fault={faultAt(faults, 'allowedOrigins')}
          />
          <div class="columns">
            {names.map((name) => (
              <Field
                key={name}
                label={name}
                unit={known[name]?.unit}
                inputMode="numeric"
                placeholder="no limit"
                isDisabled={isLocked}
                hint={known[name] && `${known[name].meaning} At most ${count(known[name].max)}.`}
                value={texts[name] ?? ''}
                onInput={(text) => setEdits({ ...edits, [name]: text })}
                fault={faultAt(faults, `limits.${name}`)}
              />
            ))}
          </div>
          {wrong !== undefined && <Notice kind="bad">{wrong}</Notice>}
          <ErrorNotice title="Not saved." error={action.error} hidesFaults />
          {app.origin === 'run-time' && (
            <div class="actions">
              <Button kind="primary" type="submit" isBusy={action.isBusy} changes>
                Save
              </Button>
            </div>
          )}
        </form>
      </details>
    </Section>
  );
}

function originSentence({ origin }: AppView): string {
  return origin === 'file'
    ? 'These settings are in the configuration file. Change them there.'
    : 'Changes take effect immediately.';
}
