import { invalidArgument } from '../emulator-error.ts';
import { done } from '../../operations/schema.ts';
import { appQuery, ref } from './schemas.ts';
import { parameterOf, type Operation, type Question } from '../../operations/operation.ts';
import { knownApp } from './known-app.ts';
import type { EmulatorCore } from '../core.ts';

/** Injecting, listing and ending faults. */
export function faultOperations({ core }: { readonly core: EmulatorCore }): readonly Operation[] {
  const inject = (
    kind: string,
    schema: 'WebhookFault' | 'ConnectionFault' | 'ApiFault',
    summary: string,
    add: (appId: string | undefined, fault: unknown) => { readonly id: number; readonly hits: number },
  ): Operation => ({
    method: 'post',
    path: `/control/faults/${kind}`,
    id: `inject${schema}`,
    summary,
    body: ref(schema),
    answer: ref('Fault'),
    run(question) {
      const { app: _, ...fault } = question.body;
      const { id, hits } = add(knownApp(core, question), fault);
      return { id, hits };
    },
  });
  return [
    {
      method: 'get',
      path: '/control/faults',
      id: 'listFaults',
      summary: 'The faults that are in force.',
      answer: { type: 'object' },
      run: () => core.listFaults(),
    },
    inject(
      'webhooks',
      'WebhookFault',
      'Requests to endpoints fail, are late, or come twice.',
      (appId, fault) => core.failWebhooks(appId, fault),
    ),
    inject(
      'connections',
      'ConnectionFault',
      'Ends connections now, or refuses those that come.',
      (appId, fault) => core.failConnections(appId, fault),
    ),
    inject('api', 'ApiFault', 'The HTTP API answers with an error and does nothing.', (appId, fault) =>
      core.failApi(appId, fault),
    ),
    {
      method: 'delete',
      path: '/control/faults',
      id: 'clearFaults',
      summary: 'Ends all faults, or those that were injected for one app.',
      query: appQuery,
      answer: done,
      run: (question) => core.clearFaults(knownApp(core, question)),
    },
    {
      method: 'get',
      path: '/control/faults/{id}',
      id: 'readFault',
      summary: 'How often a fault has struck, also one that is over.',
      answer: ref('Fault'),
      run(question) {
        const id = idOf(question);
        return { id, hits: core.hitsOf(id) };
      },
    },
    {
      method: 'delete',
      path: '/control/faults/{id}',
      id: 'clearFault',
      summary: 'Ends one fault.',
      answer: done,
      run(question) {
        core.clearFault(idOf(question));
      },
    },
  ];
}

function idOf(question: Question): number {
  const id = parameterOf(question, 'id');
  if (!/^\d{1,15}$/.test(id)) throw invalidArgument(`expected the id of a fault, got '${id}'`);
  return Number(id);
}
