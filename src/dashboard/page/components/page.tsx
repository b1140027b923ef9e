import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { routeApp } from '../router.ts';

interface PageProps {
  readonly title: string;
  /** The purpose of the page, in one sentence. */
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A page: its only heading, its actions, and its content. The shell moves the focus to the heading. */
export function Page({ title, lead, actions, children }: PageProps) {
  const app = routeApp.value;
  useEffect(() => {
    document.title = [title, app, 'soketify-emulator'].filter(Boolean).join(' · ');
  }, [title, app]);
  return (
    <>
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

/** A part of a page with its own heading. */
export function Section({ id, title, lead, actions, children }: PageProps & { readonly id?: string }) {
  return (
    <section class="section" id={id}>
      <header class="section-head">
        <div>
          <h2>{title}</h2>
          {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}
