/** Where a server under test listens, and the app that the driver uses on it. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** Whether the server uses TLS; the driver does not check its certificate. */
  readonly isTls: boolean;
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
}

/** `http://HOST:PORT`, or https. */
export function originOf({ host, port, isTls }: Address): string {
  return `${isTls ? 'https' : 'http'}://${host}:${port}`;
}
