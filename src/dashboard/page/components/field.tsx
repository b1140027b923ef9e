import type { ComponentChildren, TargetedInputEvent } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: ComponentChildren;
  /** What is wrong with the value. */
  readonly fault?: string | undefined;
  /** Which keyboard a phone shows. */
  readonly inputMode?: 'text' | 'url' | 'numeric';
  readonly isSecret?: boolean;
  readonly placeholder?: string;
  readonly isDisabled?: boolean;
  readonly isRequired?: boolean;
  readonly unit?: string | undefined;
}

/** A field with its label, a hint, and what is wrong with its value. */
export function Field(props: FieldProps) {
  const id = useId();
  const { label, value, onInput, hint, fault, unit } = props;
  const attributes = {
    id,
    value,
    placeholder: props.placeholder,
    disabled: props.isDisabled,
    required: props.isRequired,
    inputMode: props.inputMode,
    autocomplete: 'off',
    spellcheck: false,
    'aria-invalid': fault !== undefined,
    'aria-describedby': `${id}-about`,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => {
      onInput(event.currentTarget.value);
    },
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="field-row">
        {props.isSecret === true ? (
          <input type="password" {...attributes} />
        ) : (
          <input type="text" {...attributes} />
        )}
        {unit !== undefined && <span class="muted">{unit}</span>}
      </div>
      <About id={`${id}-about`} hint={hint} fault={fault} />
    </div>
  );
}

interface TextFieldProps extends Pick<
  FieldProps,
  'label' | 'value' | 'onInput' | 'hint' | 'fault' | 'placeholder' | 'isDisabled'
> {
  readonly rows?: number;
}

/** A field for several lines. */
export function TextField(props: TextFieldProps) {
  const { label, value, onInput, hint, fault, placeholder, rows = 4 } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={rows}
        disabled={props.isDisabled}
        value={value}
        placeholder={placeholder}
        spellcheck={false}
        aria-invalid={fault !== undefined}
        aria-describedby={`${id}-about`}
        onInput={(event) => {
          onInput(event.currentTarget.value);
        }}
      />
      <About id={`${id}-about`} hint={hint} fault={fault} />
    </div>
  );
}

interface CheckProps {
  readonly label: ComponentChildren;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly hint?: ComponentChildren;
  readonly isDisabled?: boolean;
}

/** A check box with an optional hint. */
export function Check({ label, isOn, onChange, hint, isDisabled = false }: CheckProps) {
  const id = useId();
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={isOn}
        disabled={isDisabled}
        aria-describedby={hint === undefined ? undefined : `${id}-about`}
        onChange={(event) => {
          onChange(event.currentTarget.checked);
        }}
      />
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <p id={`${id}-about`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly text: string }[];
  readonly onChange: (value: Value) => void;
  readonly isLabelHidden?: boolean;
}

/** A choice of one option. */
export function Choice<Value extends string>(props: ChoiceProps<Value>) {
  const id = useId();
  const { label, value, options, onChange, isLabelHidden = false } = props;
  return (
    <div class="field">
      <label for={id} class={isLabelHidden ? 'visually-hidden' : ''}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.currentTarget.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}

function About({
  id,
  hint,
  fault,
}: {
  readonly id: string;
  readonly hint: ComponentChildren;
  readonly fault: string | undefined;
}) {
  return (
    <div id={id}>
      {fault !== undefined && <p class="fault">{fault}</p>}
      {hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  );
}
