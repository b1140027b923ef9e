import { effect, signal } from '@preact/signals';
import { Icon } from '../components/icon.tsx';
import { href, route } from '../router.ts';
import { self } from '../session.ts';
import { isCurrent, navItems, pathOf, type NavItem } from './nav.ts';

/** Whether the menu is open on a narrow screen. */
export const isMenuOpen = signal(false);

effect(() => {
  // Following a link closes the menu.
  if (route.value.path.length >= 0) isMenuOpen.value = false;
});

/** The navigation. */
export function Sidebar() {
  const items = navItems.value;
  const firstOfGroup = items.find(({ group }) => group !== undefined);
  return (
    <nav
      id="sidebar"
      class={isMenuOpen.value ? 'sidebar open' : 'sidebar'}
      aria-label="Pages"
      onKeyDown={(event) => {
        if (event.key === 'Escape') isMenuOpen.value = false;
      }}
    >
      <ul>
        {items
          .filter((item) => item.group === undefined || item === firstOfGroup)
          .map((item) =>
            item === firstOfGroup ? (
              <Group key="group" items={items} />
            ) : (
              <Item key={item.title} item={item} />
            ),
          )}
      </ul>
      <Kept />
    </nav>
  );
}

function Group({ items }: { readonly items: readonly NavItem[] }) {
  return (
    <li class="nav-group">
      <span id="nav-webhooks">Webhooks</span>
      <ul aria-labelledby="nav-webhooks">
        {items
          .filter(({ group }) => group !== undefined)
          .map((item) => (
            <Item key={item.title} item={item} />
          ))}
      </ul>
    </li>
  );
}

function Item({ item }: { readonly item: NavItem }) {
  return (
    <li>
      <a
        href={href(pathOf(item))}
        aria-current={isCurrent(item) ? 'page' : undefined}
        title={`g ${item.shortcut}`}
      >
        <Icon name={item.icon} />
        {item.title}
      </a>
    </li>
  );
}

const keptWords = { memory: 'in memory', disk: 'on disk', redis: 'in Redis' } as const;

function Kept() {
  const server = self.value;
  if (server === undefined) return null;
  return (
    <p class="kept">
      {server.version}
      <br />
      State kept {keptWords[server.kept]}
    </p>
  );
}
