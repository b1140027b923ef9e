/** Where a server under test listens, and the app that the driver uses on it. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
}
