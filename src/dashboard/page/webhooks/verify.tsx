import { useState } from 'preact/hooks';
import type { VerifyView } from '../../../views/settings.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Field, TextField } from '../components/field.tsx';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { Page } from '../components/page.tsx';
import { useAction } from '../resource.ts';
import { appWithId } from '../session.ts';
import { faultAt } from '../faults.ts';
import type { PageProps } from '../shell/pages.tsx';
import { Handlers } from './handlers.tsx';

/** Checks whether this app signed a body with a signature, and explains why not. */
export function VerifyPage({ app }: PageProps) {
  const [body, setBody] = useState('');
  const [signature, setSignature] = useState('');
  const [key, setKey] = useState('');
  const [answer, setAnswer] = useState<{ readonly to: string; readonly verdict: VerifyView } | undefined>(
    undefined,
  );
  const action = useAction();
  const faults = action.error?.faults ?? [];
  const asked = { body, signature: signature.trim(), ...(key.trim() !== '' && { key: key.trim() }) };
  // A verdict is about what was asked. The fields may have changed since.
  const verdict = answer?.to === JSON.stringify(asked) ? answer.verdict : undefined;
  const verify = () => {
    setAnswer(undefined);
    action.run(async () => {
      setAnswer({ to: JSON.stringify(asked), verdict: await api.verify(app, asked) });
    });
  };
  return (
    <Page
      title="Verify a signature"
      lead="Paste the body and the signature that your receiver got. They are checked with every key of the app."
    >
      <form
        class="panel form"
        aria-label="Verify a signature"
        onSubmit={(event) => {
          event.preventDefault();
          verify();
        }}
      >
        <TextField
          label="Body"
          rows={6}
          placeholder='{"time_ms":1700000000000,"events":[...]}'
          hint="Paste the raw body. Parsing and serializing it again changes the signature."
          value={body}
          onInput={setBody}
          fault={faultAt(faults, 'body')}
        />
        <Field
          label="X-Pusher-Signature"
          placeholder="64 hex digits"
          value={signature}
          onInput={setSignature}
          fault={faultAt(faults, 'signature')}
        />
        <Field
          label="X-Pusher-Key"
          placeholder="any key of the app"
          hint="If you enter a key, only that key is accepted."
          value={key}
          onInput={setKey}
          fault={faultAt(faults, 'key')}
        />
        <ErrorNotice error={action.error} hidesFaults />
        <div class="actions">
          <Button kind="primary" type="submit" isBusy={action.isBusy}>
            Verify
          </Button>
        </div>
        <div aria-live="polite">
          {verdict !== undefined && (
            <Notice
              kind={verdict.isGenuine ? 'good' : 'bad'}
              title={verdict.isGenuine ? 'Genuine.' : 'Not genuine.'}
            >
              <span>{verdict.sentence}</span>
            </Notice>
          )}
        </div>
      </form>
      <div class="panel spaced">
        <Handlers appKey={appWithId(app)?.keys[0]?.key ?? ''} />
      </div>
    </Page>
  );
}
