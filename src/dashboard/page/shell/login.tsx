import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../components/button.tsx';
import { Field } from '../components/field.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import type { RequestError } from '../http.ts';
import { login } from '../session.ts';

interface LoginProps {
  readonly error: RequestError | undefined;
}

/** Asks for the token. */
export function Login({ error }: LoginProps) {
  return (
    <main class="alone">
      <LoginForm error={error} />
    </main>
  );
}

/** Asks for the token again, over the page, which it covers. */
export function LoginOver({ error }: LoginProps) {
  const element = useRef<HTMLDialogElement>(null);
  const focused = useRef(document.activeElement);
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (focused.current instanceof HTMLElement) focused.current.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="cover"
      aria-label="Log in"
      onCancel={(event) => event.preventDefault()}
      onClose={() => element.current?.showModal()}
    >
      <div class="alone">
        <LoginForm error={error} />
      </div>
    </dialog>
  );
}

function LoginForm({ error }: LoginProps) {
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
    <>
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
    </>
  );
}
