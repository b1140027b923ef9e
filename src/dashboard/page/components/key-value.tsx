import type { ComponentChildren } from 'preact';

/** A list of names with their values. Undefined values are left out. */
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
