import type { Operation } from '../operations/operation.ts';
import { channelOperations } from './channel-operations.ts';
import { consoleOperations, type ConsoleParts } from './console-operations.ts';
import { deliveryOperations, type DeliveryParts } from './delivery-operations.ts';
import { endpointOperations, type EndpointParts } from './endpoint-operations.ts';
import { letterOperations } from './letter-operations.ts';
import type { LiveParts } from './live.ts';
import type { ChannelParts, LetterParts } from './parts.ts';
import { publishOperations, type PublishParts } from './publish-operations.ts';
import { serverOperations, type ServerParts } from './server-operations.ts';
import { settingOperations, type SettingParts } from './setting-operations.ts';
import { timelineOperations, type TimelineParts } from './timeline-operations.ts';

/** What the admin API needs. */
export interface AdminParts
  extends
    ServerParts,
    SettingParts,
    EndpointParts,
    Omit<DeliveryParts, 'letters'>,
    ChannelParts,
    TimelineParts,
    PublishParts,
    ConsoleParts {
  readonly letters: DeliveryParts['letters'] & LetterParts['letters'];
  readonly live: LiveParts;
  /** Whether callers need a token. */
  readonly hasToken: boolean;
}

/** Every operation of the admin API. */
export function adminOperations(parts: AdminParts): readonly Operation[] {
  return [
    ...serverOperations(parts),
    ...settingOperations(parts),
    ...endpointOperations(parts),
    ...deliveryOperations(parts),
    ...letterOperations(parts),
    ...channelOperations(parts),
    ...timelineOperations(parts),
    ...publishOperations(parts),
    ...consoleOperations(parts),
  ];
}
