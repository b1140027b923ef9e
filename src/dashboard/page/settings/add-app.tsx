import { useState } from 'preact/hooks';
import type { AppInput, AppView } from '../../../views/settings.ts';
import { api } from '../api.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Code } from '../components/code.tsx';
import { Field } from '../components/field.tsx';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { Page } from '../components/page.tsx';
import { useAction } from '../resource.ts';
import { href } from '../router.ts';
import { refresh, self } from '../session.ts';
import { faultAt } from '../faults.ts';
import { keptSentence } from './webhooks.tsx';

const fields = [
  ['id', 'Id', 'Appears in the paths of the HTTP API.'],
  ['key', 'Key', 'Clients connect with it. It is not secret.'],
  ['secret', 'Secret', 'Signs requests of backends, and webhooks.'],
] as const;

/** Adds an app. */
export function AddAppPage() {
  const [texts, setTexts] = useState({ id: '', key: '', secret: '' });
  const [added, setAdded] = useState<AppView | undefined>(undefined);
  const action = useAction();
  const save = () => {
    action.run(async () => {
      const given = Object.entries(texts).filter(([, text]) => text.trim() !== '');
      const input: AppInput = Object.fromEntries(given.map(([name, text]) => [name, text.trim()]));
      const app = await api.addApp(input);
      await refresh();
      setAdded(app);
    });
  };
  return (
    <Page title="Add an app" lead="Clients and backends use an app with its key.">
      {added === undefined ? (
        <form
          class="panel form narrow"
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          {fields.map(([name, label, hint]) => (
            <Field
              key={name}
              label={label}
              placeholder="generated"
              hint={hint}
              value={texts[name]}
              onInput={(text) => setTexts({ ...texts, [name]: text })}
              fault={faultAt(action.error?.faults ?? [], name)}
            />
          ))}
          <ErrorNotice title="Not added." error={action.error} hidesFaults />
          <div class="actions">
            <Button kind="primary" type="submit" isBusy={action.isBusy} changes>
              Add app
            </Button>
          </div>
        </form>
      ) : (
        <Added app={added} />
      )}
    </Page>
  );
}

function Added({ app }: { readonly app: AppView }) {
  return (
    <div class="stack">
      <Notice kind="good" title={`Added app ${app.id}.`}>
        <span>Clients can connect now. {keptSentence(self.value?.savedIn)}</span>
      </Notice>
      <Code label="Key" text={app.keys[0]?.key ?? ''} />
      <p class="hint">Its secret is in Settings, under Keys.</p>
      <div class="actions">
        <ButtonLink kind="primary" href={href(['apps', app.id, 'settings'])}>
          Go to its settings
        </ButtonLink>
        <ButtonLink href={href(['apps', app.id, 'overview'])}>Connect a client</ButtonLink>
      </div>
    </div>
  );
}
