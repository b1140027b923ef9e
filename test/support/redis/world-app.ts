import type { Application } from '../../../src/apps/application.ts';
import { application, endpoint } from '../unit/application.ts';

/** One endpoint selects everything that describes the state, the other one only members. */
export function createApp(reconcile: boolean): Application {
  const ofMembers = ['member_added', 'member_removed'] as const;
  const ofAll = ['channel_occupied', 'channel_vacated', ...ofMembers] as const;
  return application({
    id: 'a1',
    endpoints: [
      endpoint({ id: 'all', url: 'http://receiver/all', reconcile, eventTypes: ofAll }),
      endpoint({ id: 'members', url: 'http://receiver/members', reconcile, eventTypes: ofMembers }),
    ],
  });
}

/** The app with only these endpoints. */
export function choose(app: Application, ids: readonly string[]): Application {
  return { ...app, endpoints: app.endpoints.filter(({ id }) => ids.includes(id)) };
}
