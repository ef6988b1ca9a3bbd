type Random = (below: number) => number;

const METHODS = ['GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'get', 'PATCH'];
const PATHS = [
  '/own/1',
  '/own/2?a=b&c',
  '/own/%20"<>^`{|}',
  '/app',
  '/app?x=/own',
  '/',
  '//own',
  '/own/#x',
  'http://x/own/3',
  '*',
];
const VERSIONS = [...Array<string>(12).fill('HTTP/1.1'), 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', ''];
const FIELDS = [
  'Range: bytes=0-1',
  'range:bytes=2-',
  'Range: \t bytes=5-6 \t',
  'If-None-Match: "a", W/"b"',
  'IF-RANGE: "x"',
  'Authorization: Bearer abc',
  'Accept-Encoding: gzip, br;q=0.5',
  'Accept-Encoding:',
  'Accept: */*',
  'Cookie: a=b; c=d',
  'User-Agent: fuzz',
  'X-Forwarded-For: 127.0.0.1',
  'Connection: keep-alive',
  'Connection: Keep-Alive',
];
const ODD_FIELDS = [
  'Connection: close',
  'Connection: keep-alive, Range',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: more',
  'TE: trailers',
  'Trailer: X',
  'Proxy-Connection: keep-alive',
  'Content-Length: 0',
  'Content-Length: 4',
  'Content-Length: +4',
  'Content-Length: 4, 4',
  'Content-Length : 4',
  'Content-Length: 4\r\nContent-Length: 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 4',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding\t: chunked',
  'Transfer-Encoding: \x0bchunked',
  'Host: y',
  'Range: bytes=0-0\r\nRange: bytes=1-1',
  'Authorization: a\r\nAuthorization: b',
  'Range: bytes=0-1\r\n 2',
  'X: a\nContent-Length: 4',
  'X: a\rContent-Length: 4',
  'X: \x00',
  'X: \xe4\xff',
  'X\x80: a',
  ': a',
  'no colon',
  ' Content-Length: 4',
  '',
];
const INSIDE = 'GET /own/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

/** Requests one behind the other as a seed has it, most of them right, some of them as attackers write them; at the end one that closes the connection. Latin-1. */
export function requestStream(random: Random): string {
  let text = '';
  for (let count = 1 + random(6); count > 0; count -= 1) text += random(3) === 0 ? anyRequest(random) : plainRequest(random);
  if (random(4) === 0) text = damaged(text, random);
  // Long enough that no wrong length swallows it whole.
  return `${text}GET /own/last HTTP/1.1\r\nHost: x\r\nX-Long: ${'l'.repeat(100)}\r\nConnection: close\r\n\r\n`;
}

function plainRequest(random: Random): string {
  const fields = some(FIELDS, random(4), random);
  if (random(30) === 0) fields.push(`X-Long: ${'a'.repeat([8100, 9000, 20_000][random(3)])}`);
  return `${random(8) === 0 ? 'HEAD' : 'GET'} ${PATHS[random(4)]} HTTP/1.1\r\nHost: x\r\n${lines(fields)}\r\n`;
}

function anyRequest(random: Random): string {
  const fields = [...some(FIELDS, random(3), random), ...some(ODD_FIELDS, random(3), random)];
  if (random(10) > 0) fields.unshift('Host: x');
  let body = ['', 'body', INSIDE][random(3)];
  const framing = random(4);
  if (framing === 0) fields.push(`Content-Length: ${body.length}`);
  if (framing === 1) {
    fields.push('Transfer-Encoding: chunked');
    body = `${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`;
  }
  if (framing > 1 && body !== INSIDE) body = '';
  const before = random(12) === 0 ? '\r\n' : '';
  const [method, path, version] = [METHODS, PATHS, VERSIONS].map((from) => from[random(from.length)]);
  return `${before}${method} ${path} ${version}\r\n${lines(fields)}\r\n${body}`;
}

function damaged(text: string, random: Random): string {
  const at = random(text.length);
  const character = String.fromCharCode(random(256));
  switch (random(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + character + text.slice(at);
    default:
      return text.slice(0, at) + character + text.slice(at + 1);
  }
}

function some<T>(from: readonly T[], count: number, random: Random): T[] {
  return Array.from({ length: count }, () => from[random(from.length)]);
}

function lines(fields: readonly string[]): string {
  return fields.map((field) => `${field}\r\n`).join('');
}
