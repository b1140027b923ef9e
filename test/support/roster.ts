import { Roster, type RosterMember } from '../../src/protocol/roster.ts';

/** A roster of these members, in order of joining. */
export function rosterOf(members: readonly RosterMember[]): Roster {
  const roster = new Roster();
  for (const member of members) roster.set(member.userId, member);
  return roster;
}
