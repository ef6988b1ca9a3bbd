import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotDrill, makeMountPoint, run, unmount } from './own-disk.ts';
import type { OwnDisk } from './own-disk.ts';

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: from now on nothing reaches the device, the journal's newest included. Node.js has no ioctl. */
const SHUTDOWN = `
import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(fd, 0x8004587D, struct.pack('I', 2))
`;

/** ext4 in a file, behind a loop device: a disk whose power can be cut. */
export class ImageDisk implements OwnDisk {
  readonly directory: string;
  readonly #home: string;

  static async create(bytes: number): Promise<ImageDisk> {
    if (process.getuid?.() !== 0) throw new CannotDrill('--power-cut mounts a disk image on a loop device, which only root may');
    const home = await mkdtemp(join(tmpdir(), 'reprise-drill-image-'));
    const disk = new ImageDisk(home, await makeMountPoint());
    try {
      const image = await open(disk.#image, 'wx');
      await image.truncate(bytes).finally(() => image.close());
      await run('mkfs.ext4', ['-q', '-F', '-m', '0', disk.#image]);
      await run('python3', ['-c', 'import fcntl']);
      await disk.#mount();
    } catch (cause) {
      await disk.remove();
      throw new CannotDrill(`a disk image cannot be made and mounted here: ${(cause as Error).message.trim()}`, { cause });
    }
    return disk;
  }

  private constructor(home: string, directory: string) {
    this.#home = home;
    this.directory = directory;
  }

  get #image(): string {
    return join(this.#home, 'disk.img');
  }

  /** What was not synced is gone. Afterwards the disk is there again, its journal replayed. Whoever worked on it must be dead. */
  async cutPower(): Promise<void> {
    await run('python3', ['-c', SHUTDOWN, this.directory]);
    await unmount(this.directory, { keep: true });
    await this.#mount();
  }

  async remove(): Promise<void> {
    await unmount(this.directory);
    await rm(this.#home, { recursive: true, force: true });
  }

  /** The kernel takes the loop device away when it is unmounted. */
  async #mount(): Promise<void> {
    await run('mount', ['-t', 'ext4', '-o', 'loop', this.#image, this.directory]);
  }
}
