import { jsonText } from './json-text.ts';

/** A member as frames contain it: the user's id and the JSON text of the user's info. */
export interface RosterMember {
  readonly userId: string;
  readonly infoJson: string;
}

/** A member's entries in the two lists of a frame, escaped for the string that `data` is. */
interface Piece {
  readonly id: string;
  readonly entry: string;
}

/** The encoded text of a roster, built on first use. */
interface RosterText {
  ids: string;
  hash: string;
  readonly pieces: Map<string, Piece>;
  /** Members who joined since the text was built. */
  added: RosterMember[];
  /** Whether a member left or changed since the text was built. */
  isStale: boolean;
}

/**
 * The members of a channel by user id, in the order in which they joined, and the encoded list that each new member receives.
 * The text grows with each join and is rebuilt after somebody left. Building it for every join took a fifth of the cost of
 * 1,000 joins.
 */
export class Roster extends Map<string, RosterMember> {
  #text: RosterText | undefined;

  override set(userId: string, member: RosterMember): this {
    if (this.#text !== undefined) {
      if (this.has(userId)) forget(this.#text, userId);
      else this.#text.added.push(member);
    }
    return super.set(userId, member);
  }

  override delete(userId: string): boolean {
    if (this.#text !== undefined) forget(this.#text, userId);
    return super.delete(userId);
  }

  override clear(): void {
    this.#text = undefined;
    super.clear();
  }

  /** The lists of ids and of infos, without their brackets, escaped as within a JSON string. */
  get encoded(): { readonly ids: string; readonly hash: string } {
    const text = (this.#text ??= { ids: '', hash: '', pieces: new Map(), added: [], isStale: true });
    if (text.isStale) {
      text.ids = '';
      text.hash = '';
      text.added = [...this.values()];
      text.isStale = false;
    }
    for (const member of text.added) {
      const { id, entry } = pieceOf(text, member);
      const comma = text.ids === '' ? '' : ',';
      text.ids += comma + id;
      text.hash += comma + entry;
    }
    text.added = [];
    return text;
  }
}

function forget(text: RosterText, userId: string): void {
  text.pieces.delete(userId);
  text.isStale = true;
}

function pieceOf({ pieces }: RosterText, { userId, infoJson }: RosterMember): Piece {
  let piece = pieces.get(userId);
  if (piece === undefined) {
    const id = escaped(jsonText(userId));
    piece = { id, entry: `${id}:${escaped(infoJson)}` };
    pieces.set(userId, piece);
  }
  return piece;
}

/** A roster that only its owner changes. */
export type ReadonlyRoster = ReadonlyMap<string, RosterMember> & Pick<Roster, 'encoded'>;

/** A text as it appears inside a JSON string. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
