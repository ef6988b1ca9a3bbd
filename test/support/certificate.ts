import { join } from 'node:path';
import { run } from './run.ts';

/** Makes a certificate for 127.0.0.1 and localhost that signs itself: `fullchain.pem` and `privkey.pem` in a directory. */
export async function makeCertificate(openssl: string, directory: string): Promise<void> {
  const files = ['-keyout', join(directory, 'privkey.pem'), '-out', join(directory, 'fullchain.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const { code, stderr } = await run(openssl, ['req', '-x509', ...key, ...subject, ...files]);
  if (code !== 0) throw new Error(`openssl: ${stderr}`);
}
