import { useState } from 'preact/hooks';
import { Button } from '../components/button.tsx';
import { Field } from '../components/field.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import type { RequestError } from '../http.ts';
import { login } from '../session.ts';

/** Asks for the token. */
export function Login({ error }: { readonly error: RequestError | undefined }) {
  const [token, setToken] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [isMissing, setMissing] = useState(false);
  const submit = () => {
    setMissing(token.trim() === '');
    if (token.trim() === '') return;
    setBusy(true);
    void login(token.trim()).finally(() => {
      setBusy(false);
    });
  };
  return (
    <main class="alone">
      <h1>Log in to the Dashboard</h1>
      <ErrorNotice error={error} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field
          label="Token"
          isSecret
          value={token}
          onInput={setToken}
          fault={isMissing ? 'Enter a token first.' : undefined}
          hint={
            <>
              Enter <code>dashboard.token</code> of the server's configuration, or{' '}
              <code>dashboard.viewToken</code> for read-only access. The session lasts 12 hours, or until the
              server restarts.
            </>
          }
        />
        <Button kind="primary" type="submit" isBusy={isBusy}>
          Log in
        </Button>
      </form>
    </main>
  );
}
