declare const socketId: unique symbol;

/** The id of a connection: `digits.digits`, the form that every server library requires before it signs. */
export type SocketId = string & { readonly [socketId]: true };

const pattern = /^\d+\.\d+$/;

/** Whether a value has the form of a socket id. The connection may not exist. */
export function isSocketId(value: unknown): value is SocketId {
  return typeof value === 'string' && value.length <= 64 && pattern.test(value);
}

/** Makes a socket id from two whole numbers. */
export function formatSocketId(left: number, right: number): SocketId {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- two whole numbers have the form
  return `${left}.${right}` as SocketId;
}
