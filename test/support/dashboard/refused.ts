/** A request that the mock rejects in the same way as the admin API. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly faults: readonly { path: string; message: string }[];

  constructor(status: number, code: string, message: string, faults: Refused['faults'] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.faults = faults;
  }
}
