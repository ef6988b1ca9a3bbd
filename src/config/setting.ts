import { isIP } from 'node:net';

/** One setting: what it is when nobody sets it, how its text is read, and what it is for. `T` is what the rest of the program sees. */
export interface Setting<T> {
  readonly default: T;
  /** The value of a text; throws an Error that says what is allowed, without the text. */
  readonly parse: (text: string) => T;
  /** One sentence or two for a person. */
  readonly help: string;
  /** What stands for the value in the help: `<port>`. */
  readonly placeholder: string;
  /** How the default is told, where the value itself tells nothing. */
  readonly defaultText?: string;
  /** Its value is never printed. */
  readonly secret?: boolean;
  /** Not taken from the command line, which other users of the machine can read. */
  readonly noFlag?: boolean;
}

type Extra = Pick<Setting<unknown>, 'defaultText' | 'secret'>;

/** Any text but the empty one. */
export function text<D extends string | null>(
  fallback: D,
  placeholder: string,
  help: string,
  extra: Extra = {},
): Setting<string | D> {
  const parse = (given: string): string => {
    if (given === '') throw new Error('must not be empty');
    return given;
  };
  return { default: fallback, parse, help, placeholder, ...extra };
}

/** A password of at least some characters: environment or file only. */
export function password(minLength: number, help: string, defaultText: string): Setting<string | null> {
  const parse = (given: string): string => {
    if (given.length < minLength) throw new Error(`must have at least ${minLength} characters`);
    return given;
  };
  return { default: null, parse, help, placeholder: '<password>', defaultText, secret: true, noFlag: true };
}

/** A whole number within limits; the unit is part of the setting's name. */
export function wholeNumber(fallback: number, min: number, max: number, help: string, extra: Extra = {}): Setting<number> {
  const parse = (given: string): number => {
    const value = /^\d+$/.test(given) ? Number(given) : Number.NaN;
    if (!(value >= min && value <= max)) throw new Error(`must be a whole number from ${min} to ${max}`);
    return value;
  };
  return { default: fallback, parse, help: `${help} From ${min} to ${max}.`, placeholder: '<number>', ...extra };
}

/** A whole number within limits, or one that is found out: null. */
export function optionalWholeNumber(min: number, max: number, help: string, defaultText: string): Setting<number | null> {
  return { ...wholeNumber(0, min, max, help, { defaultText }), default: null };
}

/** A TCP port, 0 for any free one. */
export function port(fallback: number, help: string): Setting<number> {
  return { ...wholeNumber(fallback, 0, 65535, help), help: `${help} 0 takes any free port.`, placeholder: '<port>' };
}

/** One of a few words. */
export function oneOf<W extends string>(fallback: W, words: readonly W[], help: string): Setting<W> {
  const parse = (given: string): W => {
    const word = words.find((each) => each === given);
    if (word === undefined) throw new Error(`must be one of ${words.join(', ')}`);
    return word;
  };
  return { default: fallback, parse, help: `${help} One of ${words.join(', ')}.`, placeholder: '<word>' };
}

/** A time of the day, `04:30`; nothing for never. */
export function timeOfDay(help: string): Setting<{ readonly hour: number; readonly minute: number } | null> {
  const parse = (given: string): { hour: number; minute: number } | null => {
    if (given === '') return null;
    const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(given) ?? [];
    if (hour === undefined) throw new Error('must be a time of the day such as 04:30, or empty');
    return { hour: Number(hour), minute: Number(minute) };
  };
  return { default: null, parse, help, placeholder: '<hh:mm>', defaultText: 'never' };
}

/** A time zone by its IANA name. */
export function timeZone(help: string): Setting<string | null> {
  const parse = (given: string): string => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: given }).resolvedOptions().timeZone;
    } catch (cause) {
      throw new Error('must be a time zone such as Europe/Paris or UTC', { cause });
    }
  };
  return { default: null, parse, help, placeholder: '<zone>', defaultText: 'that of the machine' };
}

/** Addresses and networks, separated by commas: `127.0.0.1, 10.0.0.0/8, fd00::/8`. */
export function networks(help: string): Setting<readonly string[]> {
  const parse = (given: string): string[] => {
    const all = given === '' ? [] : given.split(',').map((each) => each.trim());
    if (!all.every(isNetwork))
      throw new Error('must be addresses or networks with commas between them, such as 127.0.0.1, 10.0.0.0/8');
    return all;
  };
  return { default: [], parse, help, placeholder: '<addresses>', defaultText: 'none' };
}

function isNetwork(text: string): boolean {
  const [, address, bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address ?? '');
  if (version === 0) return false;
  return bits === undefined || (Number(bits) >= 1 && Number(bits) <= (version === 4 ? 32 : 128));
}

/** A URL of one of the schemes, given back without its trailing slash. */
export function url(schemes: readonly string[], help: string, defaultText: string, extra: Extra = {}): Setting<string | null> {
  const parse = (given: string): string => {
    const parsed = URL.canParse(given) ? new URL(given) : null;
    if (parsed === null || !schemes.includes(parsed.protocol.slice(0, -1))) {
      throw new Error(`must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);
    }
    return given.replace(/\/+$/, '');
  };
  return { default: null, parse, help, placeholder: '<url>', defaultText, ...extra };
}
