/* global document, MediaSource, atob, URL */

/** Runs in the page: appends base64 pieces one after another, plays them fast to the end, and reports what the media element saw. */
// eslint-disable-next-line no-unused-vars
async function playPieces(type, pieces) {
  const source = new MediaSource();
  const video = document.createElement('video');
  document.body.append(video);
  video.muted = true;
  const once = (target, event) =>
    new Promise((resolve, reject) => {
      target.addEventListener(event, resolve, { once: true });
      video.addEventListener('error', () => reject(new Error(video.error.message)), { once: true });
    });
  const report = (error) => ({
    error,
    ended: video.ended,
    ranges: Array.from({ length: video.buffered.length }, (_, i) => [video.buffered.start(i), video.buffered.end(i)]),
    size: [video.videoWidth, video.videoHeight],
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
  });
  try {
    video.src = URL.createObjectURL(source);
    await once(source, 'sourceopen');
    const buffer = source.addSourceBuffer(type);
    for (const piece of pieces) {
      const updated = once(buffer, 'updateend');
      buffer.appendBuffer(Uint8Array.from(atob(piece), (character) => character.charCodeAt(0)));
      await updated;
    }
    source.endOfStream();
    video.currentTime = video.buffered.start(0);
    video.playbackRate = 16;
    const ended = once(video, 'ended');
    await video.play();
    await ended;
    return report(null);
  } catch (error) {
    return report(String(error));
  }
}
