/** There is no address to connect to. */
export class NameError extends Error {
  /**
   * `ENOTFOUND`: the name has no address. `DNS_TIMEOUT`: no name server answered in time. `DNS_SERVFAIL` and the like: the name
   * server reported a failure. `ADDRESS_NOT_PUBLIC`: the endpoint must be on the internet, and is not.
   */
  readonly code: string;

  constructor(code: string, host: string) {
    super(`${code} ${host}`);
    this.name = 'NameError';
    this.code = code;
  }
}
