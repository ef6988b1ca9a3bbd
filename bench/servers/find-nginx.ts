import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface NginxBinary {
  readonly version: string;
  readonly rtmpModule: string;
}

const MODULE = 'ngx_rtmp_module.so';

/** nginx and its rtmp module as Debian has them (packages nginx and libnginx-mod-rtmp); a text tells why not. */
export function findNginx(): NginxBinary | string {
  let told: string;
  try {
    told = execFileSync('nginx', ['-V'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    // It is told on standard error.
    told += execFileSync('sh', ['-c', 'nginx -V 2>&1'], { encoding: 'utf8' });
  } catch {
    return 'nginx is not installed (Debian: apt install nginx libnginx-mod-rtmp)';
  }
  const directories = [/--modules-path=(\S+)/.exec(told)?.[1] ?? '', '/usr/lib/nginx/modules', '/usr/share/nginx/modules'];
  const rtmpModule = directories.map((directory) => join(directory, MODULE)).find((file) => existsSync(file));
  if (rtmpModule === undefined) return 'nginx has no rtmp module (Debian: apt install libnginx-mod-rtmp)';
  return { version: /nginx\/(\S+)/.exec(told)?.[1] ?? '', rtmpModule };
}
