import { Button } from '../components/button.tsx';
import { Tag, type Tone } from '../components/tag.tsx';
import { asRequestError } from '../http.ts';
import { toast } from '../components/toast.tsx';
import { go, route, routeApp } from '../router.ts';
import { apps, logout, self, standing } from '../session.ts';
import { live, type LiveState } from '../stream.ts';
import { pagePath } from './nav.ts';
import { isHelpOpen } from './shortcuts.tsx';
import { isMenuOpen } from './sidebar.tsx';
import { nextTheme, theme } from './theme.ts';

/** The top bar: the server, the app, and the role. */
export function Header() {
  return (
    <header class="top">
      <div class="top-menu">
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Menu"
          aria-expanded={isMenuOpen.value}
          aria-controls="sidebar"
          onClick={() => {
            isMenuOpen.value = !isMenuOpen.value;
          }}
        >
          <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M2 4h12M2 8h12M2 12h12" />
          </svg>
        </button>
      </div>
      <a class="product" href="#/overview" title={`Version ${self.value?.version ?? 'unknown'}`}>
        soketify<span>emulator</span>
      </a>
      <Environment />
      <AppSwitcher />
      <div class="top-end">
        <Live />
        <RoleBadge />
        <Button kind="quiet" icon="theme" label={`Theme: ${theme.value}. Change it`} onClick={nextTheme} />
        <Button
          kind="quiet"
          icon="help"
          label="Keyboard shortcuts"
          onClick={() => {
            isHelpOpen.value = true;
          }}
        />
        <LogOut />
      </div>
    </header>
  );
}

function Environment() {
  const isProduction = self.value?.isProduction === true;
  const isControlled = self.value?.clock !== undefined;
  const word = isProduction ? 'Production' : isControlled ? 'Test' : 'Development';
  return <span class={`environment ${isProduction ? 'production' : 'development'}`}>{word}</span>;
}

function AppSwitcher() {
  const shown = routeApp.value ?? '';
  const isGlobal = ['overview', 'console', 'clock', 'add-app'].includes(pagePath.value[0] ?? 'overview');
  return (
    <label class="app-switcher">
      <span>App</span>
      <select
        value={shown}
        onChange={(event) => {
          switchTo(event.currentTarget.value);
        }}
      >
        {(isGlobal || shown === '') && <option value="">All apps</option>}
        {shown !== '' && !apps.value.some(({ id }) => id === shown) && (
          <option value={shown}>{shown} (unknown)</option>
        )}
        {apps.value.map(({ id, enabled }) => (
          <option key={id} value={id}>
            {id}
            {enabled ? '' : ' (disabled)'}
          </option>
        ))}
      </select>
    </label>
  );
}

function switchTo(app: string): void {
  // Only the kind of page is kept, because a selection on it belongs to the other app.
  const kept = pagePath.value.slice(0, pagePath.value[0] === 'webhooks' ? 2 : 1);
  const page = kept.length === 0 || kept[0] === 'add-app' ? ['overview'] : kept;
  go(app === '' ? page : ['apps', app, ...page], pick(route.value.query, ['q', 'types']));
}

function pick(query: Readonly<Record<string, string>>, keys: readonly string[]) {
  return Object.fromEntries(keys.map((key) => [key, query[key]]));
}

const liveWords: Readonly<
  Record<LiveState, { readonly word: string; readonly tone: Tone; readonly about: string }>
> = {
  connecting: { word: 'Connecting', tone: 'busy', about: 'The page is connecting to the server.' },
  live: { word: 'Live', tone: 'good', about: 'Changes appear immediately.' },
  lost: { word: 'Lost', tone: 'bad', about: 'The connection is lost. The page reconnects automatically.' },
  paused: { word: 'Paused', tone: 'calm', about: 'The page receives nothing while the tab is hidden.' },
};

function Live() {
  const { word, tone, about } = liveWords[live.value];
  return (
    <span class={`live ${tone}`} role="status" title={about}>
      {word}
    </span>
  );
}

function RoleBadge() {
  const current = standing.value;
  if (current.state !== 'open' || current.role === 'full') return null;
  return <Tag tone="warn">Read-only</Tag>;
}

function LogOut() {
  const current = standing.value;
  if (current.state !== 'open' || !current.needsLogin) return null;
  const leave = () => {
    logout().catch((error: unknown) => toast(asRequestError(error).message, 'bad'));
  };
  return <Button kind="quiet" icon="logout" label="Log out" onClick={leave} />;
}
