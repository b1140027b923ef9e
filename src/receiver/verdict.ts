import {
  verifyWebhookSignature,
  type SignatureFault,
  type SignedWebhook,
  type WebhookSecrets,
} from '../auth/webhook-verification.ts';
import { parseReceived, type ReceivedBody } from '../webhooks/received.ts';

/**
 * Why a webhook is not trusted: its signature, its age, or a malformed body.
 *
 * @since 0.1.0
 */
export type VerdictReason = SignatureFault | 'too_old' | 'malformed';

/**
 * Whether a webhook is authentic. `message` describes the fault.
 *
 * @since 0.1.0
 */
export type Verdict =
  | { readonly verified: true }
  | { readonly verified: false; readonly reason: VerdictReason; readonly message: string };

/** What a webhook is verified against. */
export interface Standard {
  readonly secrets: WebhookSecrets;
  /** The age from which a webhook counts as replayed by somebody who recorded it. */
  readonly maxAgeMs: number;
}

/**
 * Verifies a webhook that arrived at `nowMs`, in milliseconds since 1970, and parses its body. The body of an unverified webhook
 * is parsed too, for inspection.
 */
export function judgeWebhook(
  webhook: SignedWebhook,
  { secrets, maxAgeMs }: Standard,
  nowMs: number,
): { readonly verdict: Verdict; readonly body: ReceivedBody | undefined } {
  const parsed = parseReceived(Buffer.from(webhook.body).toString());
  const body = parsed.kind === 'ok' ? parsed.body : undefined;
  // An empty body has no signature.
  if (webhook.body.byteLength === 0) return { verdict: malformed('the body is empty'), body };
  const signature = verifyWebhookSignature(webhook, secrets);
  if (!signature.verified) return { verdict: signature, body };
  if (parsed.kind === 'malformed') return { verdict: malformed(parsed.message), body };
  const ageMs = nowMs - parsed.body.time_ms;
  if (ageMs > maxAgeMs) {
    const message = `time_ms is ${ageMs} ms ago; expected at most ${maxAgeMs} ms: either an old webhook was replayed, or the clocks differ`;
    return { verdict: { verified: false, reason: 'too_old', message }, body };
  }
  return { verdict: { verified: true }, body };
}

function malformed(message: string): Verdict {
  return { verified: false, reason: 'malformed', message };
}
