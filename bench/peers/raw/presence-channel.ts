/** A member, from the `channel_data` of a subscription. */
export class Member {
  readonly userId: string;
  readonly info: string;

  constructor(channelData: string) {
    const { user_id: userId, user_info: info } = JSON.parse(channelData) as {
      user_id: string;
      user_info: object;
    };
    this.userId = userId;
    this.info = JSON.stringify(info);
  }
}

/** The members of a presence channel. It keeps the answer to the next subscription as text. */
export class PresenceChannel {
  readonly name: string;
  readonly #members = new Map<string, string>();
  #ids = '';
  #hash = '';
  #isStale = false;

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Adds a member. Returns the frame that notifies the others. */
  join({ userId, info }: Member): string {
    const id = JSON.stringify(userId);
    if (this.#isStale) this.#rebuild();
    this.#members.set(userId, info);
    this.#ids += `${this.#ids === '' ? '' : ','}${id}`;
    this.#hash += `${this.#hash === '' ? '' : ','}${id}:${info}`;
    return this.#frame('pusher_internal:member_added', `{"user_id":${id},"user_info":${info}}`);
  }

  /** Removes a member. Returns the frame that notifies the others. */
  leave(userId: string): string {
    this.#members.delete(userId);
    this.#isStale = true;
    return this.#frame('pusher_internal:member_removed', `{"user_id":${JSON.stringify(userId)}}`);
  }

  /** The answer to the member that has just joined. */
  succeeded(): string {
    const presence = `{"count":${this.size},"ids":[${this.#ids}],"hash":{${this.#hash}}}`;
    return this.#frame('pusher_internal:subscription_succeeded', `{"presence":${presence}}`);
  }

  #rebuild(): void {
    this.#ids = [...this.#members.keys()].map((id) => JSON.stringify(id)).join(',');
    this.#hash = [...this.#members].map(([id, info]) => `${JSON.stringify(id)}:${info}`).join(',');
    this.#isStale = false;
  }

  #frame(event: string, data: string): string {
    return `{"event":"${event}","channel":"${this.name}","data":${JSON.stringify(data)}}`;
  }
}
