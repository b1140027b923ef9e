import type { Application } from '../apps/application.ts';
import type { AppConfig, Config } from '../config/schema/schema.ts';

/** Converts a configured app to a served one. `privateAddresses` decides which endpoints may have private addresses. */
export function toApplication(
  { enabled, webhooks, isSetAtRunTime: _origin, ...app }: AppConfig,
  privateAddresses: Config['webhooks']['privateAddresses'],
): Application {
  const endpoints = webhooks.map(
    ({ enabled: isEnabled, isSetAtRunTime = false, eventTypes, pause, ...webhook }) => ({
      ...webhook,
      isEnabled: isEnabled && pause?.how !== 'off',
      ...(pause?.how === 'hold' && { heldSinceMs: pause.sinceMs }),
      // Another node, which does not know yet that the app sends no counts any more, may still report some.
      eventTypes: new Set(
        eventTypes.filter((name) => app.subscriptionCount || name !== 'subscription_count'),
      ),
      publicOnly: privateAddresses === 'refuse' || (privateAddresses === 'file' && isSetAtRunTime),
    }),
  );
  return { ...app, isEnabled: enabled, endpoints };
}
