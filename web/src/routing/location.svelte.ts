import { parseRoute, type Route } from './route.ts';

class Location {
  route: Route = $state(parseRoute(location.pathname, location.search));

  /** Goes to an address of this site, without loading the page again. */
  go(address: string, how: 'push' | 'replace' = 'push'): void {
    if (how === 'push') history.pushState(null, '', address);
    else history.replaceState(null, '', address);
    this.#read();
    scrollTo(0, 0);
  }

  /** Follows the browser's history and every plain click on a link of this site. Returns what stops it. */
  follow(): () => void {
    const stop = new AbortController();
    addEventListener('popstate', () => this.#read(), { signal: stop.signal });
    document.addEventListener('click', (event) => this.#click(event), { signal: stop.signal });
    return () => stop.abort();
  }

  #read(): void {
    this.route = parseRoute(location.pathname, location.search);
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    if (parseRoute(link.pathname, link.search).name === 'not-found') return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

/** Where the reader is. */
export const place = new Location();
