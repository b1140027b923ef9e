import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { ConfirmHost } from '../components/confirm.tsx';
import { ErrorNotice, Loading, Notice } from '../components/notice.tsx';
import { Toasts } from '../components/toast.tsx';
import { relative } from '../format.ts';
import { replace, route } from '../router.ts';
import { appsError, refresh, retry, self, standing } from '../session.ts';
import { live, lostSinceMs, startStream } from '../stream.ts';
import { startTicking } from '../time.ts';
import { now } from '../time.ts';
import { Header } from './header.tsx';
import { Login } from './login.tsx';
import { linkedApp } from './nav.ts';
import { CurrentPage } from './pages.tsx';
import { ShortcutHelp, startShortcuts } from './shortcuts.tsx';
import { Sidebar } from './sidebar.tsx';

/** Everything: the login, or the page with what is around it. */
export function Root() {
  useEffect(() => {
    startTicking();
    startStream();
  }, []);
  const current = standing.value;
  switch (current.state) {
    case 'starting':
      return <Loading what="the server" />;
    case 'login':
      return <Login error={current.error} />;
    case 'failed':
      return (
        <main class="alone">
          <h1>The Dashboard cannot start</h1>
          <ErrorNotice error={current.error} onRetry={() => void retry()} />
        </main>
      );
    case 'open':
      return <Shell />;
  }
}

function Shell() {
  // With the page itself: whoever sees it may use its keys.
  useLayoutEffect(startShortcuts, []);
  useFocusOnNavigation();
  useEffect(() => {
    // The address may name a page already, while its event is still to come.
    if (route.value.path.length === 0 && !/^#\/./.test(location.hash))
      replace(linkedApp.value === undefined ? ['overview'] : ['apps', linkedApp.value, 'overview']);
  }, [route.value]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          focusHeading();
        }}
      >
        Skip to content
      </a>
      <Header />
      <Sidebar />
      <main id="main">
        <ServerNotices />
        <CurrentPage />
      </main>
      <Toasts />
      <ConfirmHost />
      <ShortcutHelp />
    </>
  );
}

/** What holds for every page, because what it shows may be old or may not last. */
function ServerNotices() {
  const error = appsError.value;
  const firstVersion = useRef(self.value?.version);
  const isLost = live.value === 'lost' && lostSinceMs.value !== undefined;
  const isOther = self.value !== undefined && self.value.version !== firstVersion.current;
  return (
    <>
      {isLost && (
        <Notice kind="warn" title="The connection to the server is lost.">
          <span>
            What you see may be old: lost{' '}
            {relative(lostSinceMs.value ?? 0, Math.max(now.value, lostSinceMs.value ?? 0))}. The page tries
            again by itself.
          </span>
        </Notice>
      )}
      {isOther && (
        <Notice title="The server has another version now.">
          <a
            href=""
            onClick={() => {
              location.reload();
            }}
          >
            Reload the page
          </a>
        </Notice>
      )}
      {error !== undefined && !isLost && (
        <ErrorNotice
          title="The settings could not be read again."
          error={error}
          onRetry={() => void refresh()}
        />
      )}
    </>
  );
}

/**
 * Whoever follows a link hears the new page from its heading on. The focus moves with the commit of the page: later it could be
 * taken from a field that somebody has entered meanwhile.
 */
function useFocusOnNavigation(): void {
  const path = route.value.path.join('/');
  const before = useRef('');
  useLayoutEffect(() => {
    if (before.current !== '') focusHeading();
    before.current = path;
  }, [path]);
}

function focusHeading(): void {
  const heading = document.querySelector('main h1');
  if (heading instanceof HTMLElement) heading.focus();
}
