import { createServer, type Server } from 'node:http';
import type { WebhookSecrets } from '../auth/webhook-verification.ts';
import { defaultApp } from '../config/default-app.ts';
import { urlHost } from '../protocol/connectable-host.ts';
import { EmulatorError, invalidArgument } from '../emulator/emulator-error.ts';
import { checkOptions, checkWait, toRule } from './check.ts';
import { Intake, type OtherRequest } from './intake.ts';
import { Memory } from './memory.ts';
import { Plans } from './plans.ts';
import type { ReceivedWebhook, Receiver, ReceiverOptions } from './types.ts';

/**
 * Starts a webhook endpoint for tests. It verifies signatures, remembers the webhooks that it receives, and responds as planned.
 * Resolves once it listens.
 *
 * @param options All are optional. Default: a free port of 127.0.0.1, every path, the secret of the default app.
 * @throws EmulatorError with ERR_ARGUMENT_INVALID, or with ERR_START and the system's error as its `cause` when it cannot listen.
 * @example
 * await using receiver = await startReceiver({ secret: 'app-secret' });
 * await receiver.waitFor({ name: 'member_added', user_id: '42' });
 * @since 0.1.0
 */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  return openReceiver(options);
}

/** The same. `onOther` is called for each request with another path or method. */
export async function openReceiver(
  options: ReceiverOptions,
  onOther?: (request: OtherRequest) => void,
): Promise<Receiver> {
  checkOptions(options);
  const { host = '127.0.0.1', path = '/' } = options;
  const memory = new Memory(options.memory ?? 100_000);
  const plans = new Plans();
  const end = new AbortController();
  const failures: unknown[] = [];
  const intake = new Intake({
    ...options,
    standard: { secrets: secretsOf(options), maxAgeMs: options.maxAgeMs ?? 300_000 },
    memory,
    plans,
    ended: end.signal,
    onOther,
    failed: (error) => failures.push(error),
  });
  const server = createServer((request, response) => void intake.take(request, response));
  const port = await listen(server, host, options.port ?? 0);

  let closing: Promise<void> | undefined;
  const shut = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    end.abort();
    server.closeAllConnections();
    memory.fail('ERR_CLOSED', 'The receiver was closed');
    await closed;
    if (failures.length > 0) throw failures[0];
  };
  const close = (): Promise<void> => (closing ??= shut());
  return {
    url: `http://${urlHost(host)}:${port}${path}`,
    port,
    webhooks: memory.webhooks.items,
    events: memory.events.items,
    state: () => memory.state(),
    async waitFor(match, wait = {}) {
      checkWait(wait);
      return memory.events.waitFor(toRule(match), wait);
    },
    async waitForWebhook(accepts = () => true, wait = {}) {
      checkWait(wait);
      return memory.webhooks.waitFor((webhook): webhook is ReceivedWebhook => accepts(webhook), wait);
    },
    respondWith: (answer) => plans.add(answer),
    reset() {
      memory.reset();
      plans.clear();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function secretsOf({ secret, secrets }: ReceiverOptions): WebhookSecrets {
  if (secrets === undefined) return secret ?? defaultApp.secret;
  if (secret !== undefined) throw invalidArgument('startReceiver: expected secret or secrets, got both');
  return new Map(Object.entries(secrets));
}

/** Listens. Resolves with the port. */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.name;
      const hint = code === 'EADDRINUSE' ? '; leave port out to use a free one' : '';
      const message = `the receiver cannot listen on ${host}:${port}: ${error.message}${hint}`;
      reject(new EmulatorError('ERR_START', message, error));
    });
    server.listen({ host, port }, () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error(`a TCP server listens on ${String(address)}, which is not a port`));
    });
  });
}
