/** A filter that is on or off. */
export interface Chip {
  readonly text: string;
  readonly isOn: boolean;
  readonly onToggle: () => void;
}

/** Filters that can be switched on and off. */
export function Chips({ label, chips }: { readonly label: string; readonly chips: readonly Chip[] }) {
  return (
    <div class="chips" role="group" aria-label={label}>
      {chips.map(({ text, isOn, onToggle }) => (
        <button key={text} type="button" class="chip" aria-pressed={isOn} onClick={onToggle}>
          {text}
        </button>
      ))}
    </div>
  );
}
