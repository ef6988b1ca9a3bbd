import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../log.ts';

/** Where a certificate and its key lie: PEM, the certificate with those it is signed by behind it. */
export interface TlsPaths {
  readonly cert: string;
  readonly key: string;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

interface Renewable {
  setSecureContext(certificate: Certificate): void;
}

/** How often is looked whether a certificate has been renewed. */
const LOOK_MS = 60_000;

/** Reads a certificate and its key; throws when one can not be read, or they do not belong together. */
export function readCertificate({ cert, key }: TlsPaths): Certificate {
  const read = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  createSecureContext(read);
  return read;
}

/** Gives a server the certificate of its files when they change: connections from then on have it. */
export class CertificateWatch {
  readonly #paths: TlsPaths;
  readonly #log: Logger;
  #known: Certificate;
  #timer: NodeJS.Timeout | null = null;

  constructor(paths: TlsPaths, known: Certificate, log: Logger) {
    this.#paths = paths;
    this.#known = known;
    this.#log = log;
  }

  start(server: Renewable): void {
    this.#timer = setInterval(() => this.look(server), LOOK_MS).unref();
  }

  /** What can not be used leaves the old one in place: files that are being replaced do not belong together for a moment. */
  look(server: Renewable): void {
    try {
      const certificate = readCertificate(this.#paths);
      if (certificate.cert === this.#known.cert && certificate.key === this.#known.key) return;
      server.setSecureContext(certificate);
      this.#known = certificate;
      this.#log.info({ cert: this.#paths.cert }, 'certificate renewed');
    } catch (error) {
      this.#log.error({ cert: this.#paths.cert, err: error }, 'the renewed certificate can not be used: the one before it stays');
    }
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
