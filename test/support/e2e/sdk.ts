import Pusher from 'pusher';
import { app, type AppConfig } from './config.ts';

/** The master key of encrypted channels. The libraries at both ends know it, the server never does. */
const encryptionMasterKeyBase64 = Buffer.alloc(32, 'e2e').toString('base64');

/** The official server library, connected to the server. */
export function sdkFor(server: { readonly port: number }, of: AppConfig = app): Pusher {
  return new Pusher({
    appId: of.id,
    key: of.key,
    secret: of.secret,
    host: '127.0.0.1',
    port: String(server.port),
    useTLS: false,
    encryptionMasterKeyBase64,
  });
}

/** The answer of an application's authorization endpoint. */
export function authorize(
  socketId: string,
  channel: string,
  member?: Pusher.PresenceChannelData,
  of: AppConfig = app,
): Pusher.ChannelAuthResponse {
  return sdkFor({ port: 0 }, of).authorizeChannel(socketId, channel, member);
}
