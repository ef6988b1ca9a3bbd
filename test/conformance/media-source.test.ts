import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { readFlv } from '../support/flv.ts';
import { muxFlv } from '../support/mux.ts';
import { requireTool } from '../support/tools.ts';

/** What the page reports. */
interface Played {
  error: string | null;
  ended: boolean;
  ranges: [number, number][];
  size: [number, number];
  frames: number;
}

/** Our fMP4 in a browser: appended fragment by fragment, buffered whole, decoded without a dropped or a broken frame. */
for (const name of [
  'src/cli/sample.flv',
  'test/fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv',
  'test/fixtures/h264-baseline-cropped-wide-pixels-only.flv',
  'test/fixtures/aac-48000-stereo-only.flv',
]) {
  test(`Chromium plays ${name} through Media Source Extensions`, async (t) => {
    const executablePath = requireTool(t, 'chromium');
    if (executablePath === null) return;
    const file = readFlv(new URL(`../../${name}`, import.meta.url));
    const { init, fragments } = muxFlv(file);
    const codecs = [file.videoConfig, file.audioConfig].filter((config) => config !== null).map((config) => config.codecString);
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
    });
    t.after(() => browser.close());
    const page = await browser.newPage();
    const type = `${file.videoConfig === null ? 'audio' : 'video'}/mp4; codecs="${codecs.join(',')}"`;
    const pieces = [init, ...fragments].map((bytes) => Buffer.from(bytes).toString('base64'));
    await page.addScriptTag({ path: fileURLToPath(new URL('media-source-page.js', import.meta.url)) });
    const result = await page.evaluate<Played>(`playPieces(${JSON.stringify(type)}, ${JSON.stringify(pieces)})`);

    assert.equal(result.error, null);
    assert.equal(result.ranges.length, 1, 'one range: no gap');
    assert.equal(result.ended, true);
    const [from, to] = result.ranges[0];
    const frames = file.video.length > 0 ? file.video : file.audio;
    const seconds = (frames[frames.length - 1].dtsMs - frames[0].dtsMs) / 1000;
    assert.ok(from < 0.15 && to - from > seconds - 0.15, `buffered ${from} to ${to}, sent ${seconds} s`);
    if (file.videoConfig === null) return;
    const { width, height, pixelAspect } = file.videoConfig;
    assert.deepEqual(result.size, [Math.round((width * pixelAspect.h) / pixelAspect.v), height]);
    // At sixteenfold speed the browser leaves out frames it has no time to show, but it decodes them; a broken one would be an error.
    assert.ok(result.frames > 0);
  });
}
