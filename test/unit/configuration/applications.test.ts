import { expect, test } from 'vitest';
import { toApplication } from '../../../src/configuration/applications.ts';
import { app as identity, configOf } from '../config/loading.ts';

test.each([
  [true, ['channel_occupied', 'subscription_count']],
  [false, ['channel_occupied']],
])(
  'with subscriptionCount %s, an endpoint that names the counts is sent %j',
  (subscriptionCount, expected) => {
    const eventTypes = ['channel_occupied', 'subscription_count'];
    const webhooks = [{ url: 'https://example.com/', eventTypes }];
    const content = { apps: [{ ...identity, subscriptionCount, webhooks }] };
    const [app] = configOf({ content }).apps;
    if (app === undefined) throw new Error('there is no app');
    const [endpoint] = toApplication(app, 'allow').endpoints;
    expect([...(endpoint?.eventTypes ?? [])]).toEqual(expected);
  },
);
