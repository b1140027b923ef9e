import type { ComponentChildren } from 'preact';
import type { RequestError } from '../http.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

/** The meaning of a notice. */
export type NoticeKind = 'info' | 'good' | 'warn' | 'bad';

interface NoticeProps {
  readonly kind?: NoticeKind;
  readonly title?: string;
  readonly children?: ComponentChildren;
  readonly actions?: ComponentChildren;
}

/** Something that the reader should know. Screen readers announce a bad one immediately. */
export function Notice({ kind = 'info', title, children, actions }: NoticeProps) {
  return (
    <div class={`notice ${kind}`} role={kind === 'bad' ? 'alert' : undefined}>
      <Icon name={kind === 'good' ? 'check' : kind === 'info' ? 'info' : 'warning'} />
      <div class="notice-text">
        {title !== undefined && <strong>{title}</strong>}
        {children}
      </div>
      {actions !== undefined && <div class="notice-actions">{actions}</div>}
    </div>
  );
}

/** Why something failed. `hidesFaults` leaves out the faults of fields, for forms that show them beside the fields. */
export function ErrorNotice({
  error,
  title,
  onRetry,
  hidesFaults = false,
}: {
  readonly error: RequestError | undefined;
  readonly title?: string;
  readonly onRetry?: () => void;
  readonly hidesFaults?: boolean;
}) {
  if (error === undefined) return null;
  return (
    <Notice
      kind="bad"
      {...(title !== undefined && { title })}
      actions={onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    >
      <span>{error.message}</span>
      {!hidesFaults && error.faults.length > 0 && (
        <ul>
          {error.faults.map(({ path, message }) => (
            <li key={path}>
              <code>{path}</code>: {message}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

/** A placeholder for an empty list. */
export function Empty({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly action?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  );
}

/** A placeholder during the first load. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what} …
    </p>
  );
}
