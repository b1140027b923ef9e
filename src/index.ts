import { EmulatorError } from './emulator/emulator-error.ts';
import type { Emulator } from './emulator/emulator.ts';
import { sortOptions } from './emulator/check-options.ts';
import { contentOf, type EmulatorOptions } from './emulator/options.ts';
import { toLog } from './ports/log.ts';
import { StartError } from './ports/start-error.ts';
import { createEmulator, parseContent } from './emulator/create.ts';

export { EmulatorError, type EmulatorErrorCode } from './emulator/emulator-error.ts';
export type { ClientOptions, ServerOptions } from './emulator/addresses.ts';
export type {
  EmulatorApp,
  Endpoints,
  FaultInjection,
  PublishQuestions,
  ResetOptions,
  WebhookQuestions,
} from './emulator/app-view.ts';
export type {
  ApiFault,
  ConnectionChoice,
  ConnectionDrop,
  ConnectionRefusal,
} from './emulator/faults/client-faults.ts';
export type { Emulator, EmulatorClock } from './emulator/emulator.ts';
export type { Fault } from './emulator/faults/fault-list.ts';
export type { RecordedApp, RecordedDelivery, RecordEntry, RunRecord } from './emulator/record/run-record.ts';
export type { PublishedEvent, PublishReceiver } from './emulator/published/published-event.ts';
export type { PublishMatch, PublishPattern } from './emulator/published/publish-match.ts';
export type { PublishAbsenceOptions, PublishWaitOptions } from './emulator/published/publish-waiting.ts';
export type { EventMatch } from './emulator/waits/match.ts';
export type { WebhookEventFields } from './webhooks/event-fields.ts';
export type { EventPattern } from './webhooks/event-match.ts';
export type {
  AttemptEnd,
  DeliveryAttempt,
  EmulatorDelivery,
  EmulatorEvent,
  EndpointFate,
  EventCause,
  EventStatus,
} from './recording/records.ts';
export type { ChannelInfo, ConnectionInfo } from './emulator/state.ts';
export type { AbsenceOptions, WaitOptions } from './emulator/waits/waiting.ts';
export type { WebhookFault } from './emulator/faults/webhook-faults.ts';
export type {
  AppOptions,
  EmulatorOptions,
  EndpointInfo,
  LimitOptions,
  WebhookOptions,
  WebhookSettings,
} from './emulator/options.ts';
export type { EventName } from './webhooks/event.ts';
export { connectEmulator, type ConnectOptions } from './emulator/remote/connect.ts';
export { replayRecord } from './emulator/replay.ts';
export type { ReplayedDelivery, ReplayOptions } from './emulator/record/replay-options.ts';
export { startReceiver } from './receiver/receiver.ts';
export type {
  Answer,
  Arrival,
  OriginalRequest,
  PlannedAnswer,
  ReceivedMatch,
  ReceivedWait,
  ReceivedWebhook,
  Receiver,
  ReceiverOptions,
} from './receiver/types.ts';
export type { Verdict, VerdictReason } from './receiver/verdict.ts';
export type { ReceivedEvent } from './webhooks/received.ts';
export type { ReceiverState } from './webhooks/replay.ts';

/**
 * Starts Soketify in this process and resolves once it accepts connections. By default it listens on a free port of 127.0.0.1 and
 * logs nothing. It has no global state, and leaves no open handle once it is closed.
 *
 * @param options The apps, the clock and further settings. Default: one app without endpoints, on the real clock.
 * @throws EmulatorError with ERR_CONFIG_INVALID, naming every fault of the options; ERR_START, with the reason as its `cause`, if it
 * cannot start.
 * @example
 * await using receiver = await startReceiver();
 * await using soketify = await startEmulator({ clock: 'virtual', apps: [{ webhooks: [{ url: receiver.url }] }] });
 * @since 0.1.0
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { content, faults } = sortOptions(options);
  // The control API is refused in production, so the environment is checked.
  const isControlled = content['control'] !== undefined && content['control'] !== false;
  const env = isControlled ? { NODE_ENV: process.env['NODE_ENV'] } : {};
  const config = parseContent(contentOf(content), { env, faults });
  const { clock = 'real', seed, liveness = 'real', patienceMs = 1000, now, log } = options;
  try {
    const { emulator } = await createEmulator(config, {
      clock,
      seed,
      liveness,
      patienceMs,
      ...(now && { wallTime: { now } }),
      ...(log && { log: toLog(log) }),
    });
    return emulator;
  } catch (error) {
    if (error instanceof StartError) throw new EmulatorError('ERR_START', error.message, error);
    throw error;
  }
}
