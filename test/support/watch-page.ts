import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { TestContext } from 'node:test';
import { until } from './until.ts';

/** A video frame that a viewer saw. Times in ms of the epoch. */
export interface ShownFrame {
  /** When it was on the screen. */
  readonly at: number;
  /** When it came to the server (EXT-X-PROGRAM-DATE-TIME), as the player knows it; null before it does. */
  readonly date: number | null;
  /** The player's own measure of how far behind the edge it is, in seconds. */
  readonly latency: number | null;
}

/** Notes every frame that any video element of the page shows; keeps to itself whatever the page does. */
const NOTE_FRAMES = `
  const frames = (window.__frames = []);
  const watched = new WeakSet();
  const follow = (video) => video.requestVideoFrameCallback((now) => {
    const hls = window.__reprise?.hls ?? null;
    const date = hls?.playingDate?.getTime() ?? null;
    frames.push({ at: performance.timeOrigin + now, date, latency: hls?.latency ?? null });
    follow(video);
  });
  setInterval(() => {
    for (const video of document.querySelectorAll('video')) {
      if (watched.has(video)) continue;
      watched.add(video);
      follow(video);
    }
  }, 20);
`;

/** A viewer's browser on one of the server's pages, left open. Closed with the test. */
export class WatchPage {
  readonly page: Page;
  /** What the page's console told of errors, and requests that the page itself did not outlive. */
  readonly errors: string[] = [];
  /** How often the page was loaded: once, if nobody reloads it. */
  loads = 0;
  readonly #browser: Browser;

  static async open(t: TestContext, executablePath: string, url: string): Promise<WatchPage> {
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
    });
    t.after(() => browser.close());
    const watch = new WatchPage(browser, await browser.newPage());
    await watch.page.addInitScript(NOTE_FRAMES);
    await watch.page.goto(url);
    await watch.page.waitForSelector('video', { state: 'attached' });
    return watch;
  }

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
    page.on('load', () => (this.loads += 1));
    page.on('pageerror', (error) => this.errors.push(String(error)));
  }

  /** The frames shown since a moment. */
  frames(since = 0): Promise<ShownFrame[]> {
    return this.page.evaluate<ShownFrame[]>(`window.__frames.filter((frame) => frame.at >= ${since})`);
  }

  /** Waits until a frame is shown that came to the server after a moment; gives when it was shown. */
  async shows(dateAfter: number, withinMs = 15_000): Promise<number> {
    const find = `window.__frames.find((frame) => frame.date !== null && frame.date >= ${dateAfter}) ?? null`;
    const frame = await until(
      `the picture of after ${new Date(dateAfter).toISOString()}`,
      () => this.page.evaluate<ShownFrame | null>(find),
      { withinMs },
    );
    return frame.at;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
