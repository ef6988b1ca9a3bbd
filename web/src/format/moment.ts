const dayMs = 86_400_000;

/** A date for a card: the hour when it is today, `yesterday, 14:05`, else the day; the year only when it is another one. */
export function formatMoment(iso: string, language: string, now: Date = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  const hour = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(date);
  const days = daysBetween(date, now);
  if (days === 0 || days === 1) {
    return `${capital(new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-days, 'day'))}, ${hour}`;
  }
  const sameYear = date.getFullYear() === now.getFullYear();
  const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) });
  return `${day.format(date)}, ${hour}`;
}

/** When a broadcast began, after the word "since": only the hour when it was today. */
export function formatSince(iso: string, language: string, now: Date = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  if (daysBetween(date, now) === 0) {
    return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(date);
  }
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
  return new Intl.DateTimeFormat(language, options).format(date);
}

/** A date and hour in full, for titles. */
export function formatFullMoment(iso: string, language: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  return new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short' }).format(date);
}

function daysBetween(earlier: Date, later: Date): number {
  const day = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / dayMs;
  return day(later) - day(earlier);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
