/** The store cannot be opened. The message is one sentence of cause and cure, for whoever starts the program. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
