/** A place in the application. */
export type Route =
  | { name: 'home' }
  | { name: 'watch'; id: string }
  | { name: 'sign-in'; next: string }
  | { name: 'my-lives'; open: string | null }
  | { name: 'new-live' }
  | { name: 'not-found' };

/** Reads a path and its query. */
export function parseRoute(path: string, query = ''): Route {
  const params = new URLSearchParams(query);
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second, third] = parts;
  if (first === undefined) return { name: 'home' };
  if (first === 'w' && parts.length === 2) return { name: 'watch', id: decode(second) };
  // the older address of the same page, which existing clients print
  if (first === 'videos' && second === 'watch' && parts.length === 3) return { name: 'watch', id: decode(third) };
  if (first === 'sign-in' && parts.length === 1) return { name: 'sign-in', next: safeNext(params.get('next')) };
  if (first === 'lives' && parts.length === 1) return { name: 'my-lives', open: params.get('open') };
  if (first === 'lives' && second === 'new' && parts.length === 2) return { name: 'new-live' };
  return { name: 'not-found' };
}

/** Writes the address of a place; the counterpart of `parseRoute`. */
export function formatRoute(route: Route): string {
  switch (route.name) {
    case 'home':
    case 'not-found':
      return '/';
    case 'watch':
      return `/w/${encodeURIComponent(route.id)}`;
    case 'sign-in':
      return route.next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(route.next)}`;
    case 'my-lives':
      return route.open === null ? '/lives' : `/lives?open=${encodeURIComponent(route.open)}`;
    case 'new-live':
      return '/lives/new';
  }
}

function decode(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? '');
  } catch {
    return part ?? '';
  }
}

// only a path of this site: `//elsewhere` and `https:` would leave it
function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : '/';
}
