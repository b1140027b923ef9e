import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { RequestError } from '../http.ts';
import type { Reference } from '../reference.ts';
import { href, route } from '../router.ts';
import { useReference } from '../use-reference.ts';
import { Icon } from './icon.tsx';
import { ErrorNotice } from './notice.tsx';

const settleMs = 300;

interface SearchBoxProps {
  /** The label, such as "Search deliveries". */
  readonly label: string;
  readonly value: string;
  readonly onSearch: (text: string) => void;
  readonly placeholder?: string;
  /** The list whose search keys the help shows. */
  readonly keys?: keyof Reference['search'];
  /** Why the server rejected the search. */
  readonly error?: RequestError | undefined;
}

/** A search field. `/` focuses it, Escape empties it. */
export function SearchBox({ label, value, onSearch, placeholder, keys, error }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const searched = useRef(value);
  const id = useId();
  useEffect(() => {
    // The own search returns without the space after its last word, which the user may continue.
    if (value !== searched.current) {
      clearTimeout(timer.current);
      setText(value);
    }
    searched.current = value;
  }, [value]);
  const page = href(route.peek().path);
  const search = (next: string) => {
    clearTimeout(timer.current);
    // The address may belong to another page by now. The field also loses the focus when it is removed with its page.
    if (next.trim() === value || href(route.peek().path) !== page) return;
    searched.current = next.trim();
    onSearch(searched.current);
  };
  return (
    <div class="search">
      <div class="search-field">
        <Icon name="search" />
        <input
          type="search"
          data-search
          aria-label={label}
          aria-invalid={error !== undefined}
          aria-describedby={error === undefined ? undefined : id}
          placeholder={placeholder ?? label}
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => {
            const next = event.currentTarget.value;
            setText(next);
            clearTimeout(timer.current);
            timer.current = setTimeout(() => search(next), settleMs);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') search(text);
          }}
          onBlur={() => search(text)}
        />
        <kbd aria-hidden="true">/</kbd>
        {keys !== undefined && <SearchHelp keys={keys} />}
      </div>
      {error !== undefined && (
        <p class="fault" id={id} role="alert">
          {error.message}
        </p>
      )}
    </div>
  );
}

function SearchHelp({ keys }: { readonly keys: keyof Reference['search'] }) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button quiet" popovertarget={id}>
        Syntax
      </button>
      <div id={id} popover="auto" class="popover" onToggle={() => setOpen(true)}>
        <p>
          All words must match. <code>-word</code> excludes matches, <code>*</code> matches any text, and
          quotes keep words together.
        </p>
        {isOpen && <SearchKeys keys={keys} />}
      </div>
    </>
  );
}

function SearchKeys({ keys }: { readonly keys: keyof Reference['search'] }) {
  const { value, error } = useReference();
  return (
    <>
      <ErrorNotice error={error} />
      <dl class="search-keys">
        {Object.entries(value?.search[keys] ?? {}).map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <code>{key}</code>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
