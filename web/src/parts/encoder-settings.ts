/** The address ffmpeg publishes to. */
export function publishAddress(server: string, key: string): string {
  return `${server.replace(/\/+$/, '')}/${key}`;
}

/** A command that publishes a file as it plays: a keyframe each second, no frames held back by the encoder. */
export function ffmpegCommand(address: string): string {
  return [
    'ffmpeg -re -i input.mp4',
    '-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -r 30 -g 30 -b:v 3M -maxrate 3M -bufsize 3M',
    '-c:a aac -b:a 160k -ar 48000',
    `-f flv ${quoted(address)}`,
  ].join(' ');
}

// keys of this server need no quotes; an address that does must not break out of the command
function quoted(text: string): string {
  return /^[\w:/.@%+=[\]-]+$/.test(text) && !/[[\]]/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
