import type { ComponentChildren } from 'preact';

/** Names with their values; what is undefined is left out. */
export function KeyValue({ items }: { readonly items: Readonly<Record<string, ComponentChildren>> }) {
  return (
    <dl class="key-value">
      {Object.entries(items)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
