const dayMs = 86_400_000;

const unitMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', dayMs],
]);

/** The accepted forms of a time, for error messages. */
export const momentForms =
  '10m, 2h, 30s or 1d ago, a time such as 2026-01-31T12:00:00Z, or milliseconds since 1970';

/** Formats milliseconds since 1970 as the time of day in UTC: `12:03:04.200 UTC`. */
export function formatTimeOfDay(ms: number): string {
  const inDay = ((Math.floor(ms) % dayMs) + dayMs) % dayMs;
  const part = (unit: number, count: number, digits = 2): string =>
    String(Math.floor(inDay / unit) % count).padStart(digits, '0');
  return `${part(3_600_000, 24)}:${part(60_000, 60)}:${part(1000, 60)}.${part(1, 1000, 3)} UTC`;
}

/** Parses a time or an age to milliseconds since 1970. Returns undefined if the text is neither. */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const ago = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/i.exec(text);
  if (ago !== null) {
    const [, count = '', unit = ''] = ago;
    return nowMs - Number(count) * (unitMs.get(unit.toLowerCase()) ?? 0);
  }
  if (/^\d{10,15}$/.test(text)) return Number(text);
  return parseTime(text);
}

const timeForm =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Parses a time in ISO 8601. Without a time zone it is UTC. */
function parseTime(text: string): number | undefined {
  const found = timeForm.exec(text);
  if (found === null) return undefined;
  const numbers = found.slice(1, 7).map((digits) => Number(digits ?? 0));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers;
  const isTime = hour < 24 && minute < 60 && second < 60;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || !isTime) return undefined;
  const thousandths = Number((found[7] ?? '').padEnd(3, '0'));
  const time = hour * 3_600_000 + minute * 60_000 + second * 1000 + thousandths;
  return daysSince1970(year, month, day) * dayMs + time - zoneMs(found[8]);
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const size = Number(digits.slice(0, 2)) * 3_600_000 + Number(digits.slice(2)) * 60_000;
  return zone.startsWith('-') ? -size : size;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Years start in March here, so that the leap day is the last day of a year. */
function daysSince1970(year: number, month: number, day: number): number {
  const from = month > 2 ? year : year - 1;
  const inYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leaps = Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400);
  return from * 365 + leaps + inYear - 719_468;
}
