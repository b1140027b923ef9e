/** The store cannot be opened. The message states the cause and what to do, in one sentence for the operator. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
