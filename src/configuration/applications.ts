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
      eventTypes: new Set(eventTypes),
      publicOnly: privateAddresses === 'refuse' || (privateAddresses === 'file' && isSetAtRunTime),
    }),
  );
  return { ...app, isEnabled: enabled, endpoints };
}
