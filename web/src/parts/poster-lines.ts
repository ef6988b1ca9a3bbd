/** A still picture for a video that has none: a hue and a few waves, always the same for the same uuid. */
export interface PosterLines {
  hue: number;
  paths: string[];
}

const lines = 9;
const steps = 8;
const width = 320;
const height = 180;

/** Draws the poster of a video, in a box of 320 by 180. */
export function posterLines(uuid: string): PosterLines {
  const random = seeded(uuid);
  const hue = Math.floor(random() * 360);
  const phase = random() * Math.PI * 2;
  const turns = 1 + random() * 1.4;
  const lean = (random() - 0.5) * 40;
  const paths = Array.from({ length: lines }, (_, line) => {
    const along = line / (lines - 1);
    const base = height * (0.3 + 0.4 * along);
    const swing = height * 0.26 * Math.sin(Math.PI * (0.15 + 0.7 * along));
    const points = Array.from({ length: steps + 1 }, (_, step) => {
      const t = step / steps;
      const envelope = Math.sin(Math.PI * t);
      const y = base + swing * envelope * Math.sin(t * turns * Math.PI * 2 + phase + along * 1.5) + lean * (t - 0.5);
      return [round(t * width), round(y)] as const;
    });
    return curve(points);
  });
  return { hue, paths };
}

// through every point, with level tangents a third of a step long
function curve(points: (readonly [number, number])[]): string {
  const slope = (i: number) => {
    const before = points[Math.max(0, i - 1)] ?? [0, 0];
    const after = points[Math.min(points.length - 1, i + 1)] ?? [0, 0];
    return [(after[0] - before[0]) / 6, (after[1] - before[1]) / 6] as const;
  };
  const [first, ...rest] = points;
  let path = `M${first?.[0] ?? 0} ${first?.[1] ?? 0}`;
  rest.forEach(([x, y], i) => {
    const [px, py] = points[i] ?? [0, 0];
    const [ax, ay] = slope(i);
    const [bx, by] = slope(i + 1);
    path += `C${round(px + ax)} ${round(py + ay)} ${round(x - bx)} ${round(y - by)} ${x} ${y}`;
  });
  return path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

// FNV-1a for the seed, then a counter, well mixed: looks, not secrets
function seeded(text: string): () => number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  };
}
