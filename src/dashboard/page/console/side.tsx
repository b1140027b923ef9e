import { consoleTypes, type ConsoleType } from '../../../views/server.ts';
import { Button } from '../components/button.tsx';
import { count } from '../format.ts';
import { searchWord } from '../links.ts';
import { hrefWith } from '../router.ts';
import { topOf, type TailLine } from './console-tail.ts';
import { typeGroups } from './types.ts';

interface TypeChoiceProps {
  readonly chosen: readonly ConsoleType[];
  readonly onChange: (types: readonly ConsoleType[]) => void;
}

/** Check boxes by type. Rows of unchecked types are not requested. */
export function TypeChoice({ chosen, onChange }: TypeChoiceProps) {
  const toggle = (type: ConsoleType, isOn: boolean) =>
    onChange(consoleTypes.filter((one) => (one === type ? isOn : chosen.includes(one))));
  return (
    <details class="side-part" open={matchMedia('(min-width: 1100px)').matches}>
      <summary>
        Types{' '}
        <span class="muted">
          {chosen.length} of {consoleTypes.length}
        </span>
      </summary>
      <div class="actions">
        <Button kind="quiet" onClick={() => onChange(consoleTypes)}>
          All
        </Button>
        <Button kind="quiet" onClick={() => onChange([])}>
          None
        </Button>
      </div>
      {typeGroups.map(({ title, types }) => (
        <fieldset key={title} class="type-group">
          <legend>{title}</legend>
          {types.map((type) => (
            <label key={type} class="type-check">
              <input
                type="checkbox"
                checked={chosen.includes(type)}
                onChange={(event) => toggle(type, event.currentTarget.checked)}
              />
              {type}
            </label>
          ))}
        </fieldset>
      ))}
    </details>
  );
}

interface TopProps {
  readonly lines: readonly TailLine[];
  readonly q: string | undefined;
}

/** The most frequent channels and events among the rows that are shown. */
export function Top({ lines, q }: TopProps) {
  return (
    <>
      <TopList
        title="Top channels"
        searchKey="channel"
        q={q}
        items={topOf(lines, ({ channel }) => channel)}
      />
      <TopList
        title="Top events"
        searchKey="event"
        q={q}
        items={topOf(lines, ({ type, name }) =>
          type === 'published' || type === 'client event' ? name : undefined,
        )}
      />
    </>
  );
}

interface TopListProps {
  readonly title: string;
  readonly searchKey: string;
  readonly q: string | undefined;
  readonly items: readonly { readonly value: string; readonly count: number }[];
}

function TopList({ title, searchKey, q, items }: TopListProps) {
  if (items.length === 0) return null;
  const most = items[0]?.count ?? 1;
  return (
    <section class="side-part">
      <h2>{title}</h2>
      <ul class="top-list">
        {items.map(({ value, count: times }) => (
          <li key={value}>
            <a
              href={hrefWith({ q: [q ?? '', searchWord(searchKey, value)].join(' ').trim(), row: undefined })}
            >
              {value}
            </a>
            <span class="numbers">{count(times)}</span>
            <meter min={0} max={most} value={times} aria-hidden="true" />
          </li>
        ))}
      </ul>
      <p class="hint">Among the rows that are shown.</p>
    </section>
  );
}
