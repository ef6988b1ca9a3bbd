/** What is read of a GET or HEAD request's head. */
export interface RequestHead {
  readonly method: 'GET' | 'HEAD';
  readonly url: string;
  readonly fields: Fields;
  /** Where the head ends in the text: the next request begins there. */
  readonly end: number;
}

/** The header fields that answers depend on, by lower-case name. */
export type Fields = Readonly<Record<string, string>>;

/** Not all here yet; or not to be read by us: Node's own parser takes the connection over. */
export type NoHead = 'incomplete' | 'unusual';

const REQUEST_LINE = /^(GET|HEAD) (\/[!-~]*) HTTP\/1\.1$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~]*)$/;
/** Request heads up to this size are read here. */
export const HEAD_LIMIT = 8192;

const WANTED = new Set(['range', 'if-range', 'if-none-match', 'authorization', 'accept-encoding']);
/** Bodies, upgrades and closing are for Node's parser. */
const UNUSUAL = new Set(['content-length', 'transfer-encoding', 'upgrade', 'expect', 'te', 'trailer', 'proxy-connection']);

/**
 * Reads the heads of plain requests, as players send them (RFC 9112): GET or HEAD, no body, kept alive. Strict: whatever is not exactly that is
 * left to a full parser, and never guessed at.
 */
export class RequestHeadReader {
  /** The fields of the last head, and the text they were read from: a player sends the same ones each time. */
  #text = '';
  #fields: Fields = {};

  /** Reads a head from `from` on; `text` is latin1. */
  read(text: string, from: number): RequestHead | NoHead {
    const end = text.indexOf('\r\n\r\n', from);
    if (end < 0) return text.length - from > HEAD_LIMIT ? 'unusual' : 'incomplete';
    if (end - from > HEAD_LIMIT) return 'unusual';
    const lineEnd = text.indexOf('\r\n', from);
    const line = REQUEST_LINE.exec(text.slice(from, lineEnd));
    if (line === null) return 'unusual';
    const fields = this.#readFields(text.slice(lineEnd + 2, end + 2));
    if (fields === null) return 'unusual';
    return { method: line[1] as 'GET' | 'HEAD', url: line[2], fields, end: end + 4 };
  }

  #readFields(text: string): Fields | null {
    if (text === this.#text) return this.#fields;
    const fields = parseFields(text);
    if (fields === null) return null;
    this.#text = text;
    this.#fields = fields;
    return fields;
  }
}

/** Null when there is one that is not for us, a line that is none, or not exactly one Host. */
function parseFields(text: string): Fields | null {
  const fields: Record<string, string> = {};
  let hosts = 0;
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\r\n', at);
    const field = FIELD.exec(text.slice(at, end));
    if (field === null) return null;
    at = end + 2;
    const name = field[1].toLowerCase();
    const value = field[2].trim();
    if (UNUSUAL.has(name)) return null;
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return null;
    if (name === 'host') hosts += 1;
    if (!WANTED.has(name)) continue;
    if (fields[name] !== undefined) return null;
    fields[name] = value;
  }
  return hosts === 1 ? fields : null;
}
