/** Once in every day of a place, at a time of its clocks. */
export interface DailyRule {
  readonly hour: number;
  readonly minute: number;
  /** IANA name. */
  readonly timeZone: string;
}

/** What the clocks of a place show, as if it were UTC, ms. */
type ClockReader = (at: number) => number;

const DAY_MS = 86_400_000;

/**
 * The first time after `nowMs` at which the rule is due. Every local day has exactly one: a time that clocks pass twice counts the first time,
 * and one that they leave out is as long after the last one before it as it should have been (02:30 becomes 03:30).
 */
export function nextAt(nowMs: number, rule: DailyRule): number {
  const read = clockReader(rule.timeZone);
  const today = Math.floor(read(nowMs) / DAY_MS) * DAY_MS;
  const wanted = (rule.hour * 60 + rule.minute) * 60_000;
  // The day before too: what was left out at its end may be due in this one.
  const candidates = [-1, 0, 1, 2].map((days) => whenShown(today + days * DAY_MS + wanted, read));
  return Math.min(...candidates.filter((at) => at > nowMs));
}

/** When clocks show `shown`. They are set by less than a day, so those of a day before and after tell both ways they can stand. */
function whenShown(shown: number, read: ClockReader): number {
  const offsets = [shown - DAY_MS, shown + DAY_MS].map((at) => read(at) - at);
  const found = offsets.map((offset) => shown - offset).filter((at) => read(at) === shown);
  return found.length > 0 ? Math.min(...found) : shown - offsets[0];
}

function clockReader(timeZone: string): ClockReader {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) + (at % 1000);
  };
}
