import type { EditContext } from './edit.ts';
import type { Idle } from './run-time-changes.ts';

/** Why an app or endpoint that was added at run time is not served at the moment, as a sentence. */
export function describeIdle(idle: Idle, { fileName }: Pick<EditContext, 'fileName'>): string {
  const file = fileName === undefined ? 'The configuration' : `The configuration file ${fileName}`;
  switch (idle.why) {
    case 'set-by-file':
      return idle.kind === 'app'
        ? `${file} has an app with this id or one of these keys, and that app is served instead.`
        : `${file} has an endpoint with this id, and that endpoint is served instead.`;
    case 'no-app':
      return `There is no app '${idle.appId}' at the moment. The endpoint is served as soon as there is one.`;
    case 'insecure':
      return 'Its URL does not use https, which is required in production.';
  }
}
