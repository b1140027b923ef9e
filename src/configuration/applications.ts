import type { Application } from '../app/application.ts';
import type { AppConfig } from '../config/schema.ts';

/** An app as it is served, made of how it is configured. */
export function toApplication({ enabled, webhooks, ...app }: AppConfig): Application {
  const endpoints = webhooks.map(({ enabled: isEnabled, eventTypes, ...webhook }) => ({
    ...webhook,
    isEnabled,
    eventTypes: new Set(eventTypes),
  }));
  return { ...app, isEnabled: enabled, endpoints };
}
