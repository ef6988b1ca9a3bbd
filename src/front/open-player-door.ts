import { availableParallelism } from 'node:os';
import { Front } from './front.ts';
import type { FrontOptions } from './front.ts';
import { InPlace } from './in-place.ts';
import type { PlayerDoor } from './player-door.ts';

/** Threads of delivery when nobody has said: none on one core, else one for every four. */
export function defaultDeliveryThreads(): number {
  const cores = availableParallelism();
  return cores === 1 ? 0 : Math.max(Math.floor(cores / 4), 1);
}

/** The HTTP port: on this thread with none of its own, else on those. */
export function openPlayerDoor(options: FrontOptions): PlayerDoor {
  return options.threads === 0 ? new InPlace(options) : new Front(options);
}
