import type { ComponentChildren } from 'preact';
import { mayChange } from '../session.ts';
import { Icon, type IconName } from './icon.tsx';

/** How prominent a button is. */
export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger';

export interface ButtonProps {
  readonly children?: ComponentChildren;
  readonly icon?: IconName;
  readonly kind?: ButtonKind;
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
  /** Required for a button that has only an icon. */
  readonly label?: string;
  readonly type?: 'button' | 'submit';
  readonly onClick?: () => void;
  /** It changes something. With a read-only role it cannot be pressed, and its title says why. */
  readonly changes?: boolean;
}

/** A button. While it is busy it stays focused, and further presses do nothing. */
export function Button(props: ButtonProps) {
  const { children, icon, kind = 'plain', isBusy = false, label, onClick, type = 'button' } = props;
  const isLocked = props.changes === true && !mayChange.value;
  const isOff = isBusy || isLocked || props.isDisabled === true;
  return (
    <button
      type={type}
      class={`button ${kind}${children === undefined ? ' icon-only' : ''}`}
      aria-label={label}
      title={isLocked ? 'Your role is read-only' : label}
      aria-disabled={isOff}
      aria-busy={isBusy}
      onClick={(event) => {
        if (isOff) event.preventDefault();
        else onClick?.();
      }}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({
  children,
  icon,
  kind = 'plain',
  href,
}: Pick<ButtonProps, 'children' | 'icon' | 'kind'> & { readonly href: string }) {
  return (
    <a class={`button ${kind}`} href={href}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </a>
  );
}
