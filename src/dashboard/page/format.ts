const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const wholeNumber = new Intl.NumberFormat('en');
const shortNumber = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** A number with separators: 12,345. */
export function count(value: number): string {
  return wholeNumber.format(value);
}

/** A number in compact form: 12.3K. */
export function shortCount(value: number): string {
  return shortNumber.format(value);
}

/** A number with its noun: 1 event, 2 events. */
export function plural(value: number, noun: string, several = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : several}`;
}

/** A rate per second: 0, 0.4, 12, 1.2K. */
export function rate(value: number): string {
  if (value === 0) return '0';
  return value < 10 ? value.toFixed(1).replace(/\.0$/, '') : shortCount(Math.round(value));
}

/** A span of time in one or two units: 12 ms, 1.2 s, 3 min 20 s, 2 h 5 min. */
export function duration(ms: number): string {
  if (ms < 0) return '0 s';
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < 10 * second) return `${(ms / second).toFixed(1).replace(/\.0$/, '')} s`;
  if (ms < minute) return `${Math.round(ms / second)} s`;
  if (ms < hour) return twoUnits(ms, [minute, 'min'], [second, 's']);
  if (ms < day) return twoUnits(ms, [hour, 'h'], [minute, 'min']);
  return twoUnits(ms, [day, 'd'], [hour, 'h']);
}

type Unit = readonly [number, string];

function twoUnits(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rounded = Math.round(ms / small) * small;
  const rest = Math.round((rounded % large) / small);
  const whole = `${Math.floor(rounded / large)} ${largeName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}

/** A time relative to now: just now, 12 s ago, in 7 s. */
export function relative(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  if (Math.abs(ms) < second) return 'just now';
  return ms > 0 ? `${coarse(ms)} ago` : `in ${coarse(-ms)}`;
}

/** A span in one unit, because a text that changes every second distracts. */
function coarse(ms: number): string {
  const [unit, name] =
    ms < minute ? [second, 's'] : ms < hour ? [minute, 'min'] : ms < day ? [hour, 'h'] : [day, 'd'];
  return `${Math.floor(ms / unit)} ${name}`;
}

/** The local time of day with milliseconds. The date is added unless it is today. */
export function clockTime(atMs: number, nowMs: number): string {
  const date = new Date(atMs);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return isToday ? time : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

/** A time on an axis: the local time of day, with the date unless the whole axis is today. */
export function axisTime(
  atMs: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  nowMs: number,
): string {
  const date = new Date(atMs);
  const today = new Date(nowMs).toDateString();
  const isToday = [fromMs, toMs].every((end) => new Date(end).toDateString() === today);
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const seconds = `${minutes}:${two(date.getSeconds())}`;
  if (toMs - fromMs < 10 * second) return `${seconds}.${Math.floor(date.getMilliseconds() / 100)}`;
  if (isToday) return seconds;
  const monthAndDay = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${monthAndDay} ${toMs - fromMs > hour ? minutes : seconds}`;
}

/** The exact time in ISO 8601, as in logs. */
export function exactTime(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString();
}

/** Bytes: 812 B, 1.2 KB, 8 MB. */
export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const inKb = value / 1024;
  return inKb < 1024 ? `${short(inKb)} KB` : `${short(inKb / 1024)} MB`;
}

function short(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, '') : count(Math.round(value));
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Adds a full stop to a text that does not end with one. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A list in words: a, b and c. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}
