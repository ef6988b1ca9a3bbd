/** How a setting `httpPort` is called on the command line and in the file: `http-port`. */
export function keyName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** How it is called in the environment: `REPRISE_HTTP_PORT`. */
export function environmentName(name: string): string {
  return `REPRISE_${keyName(name).replaceAll('-', '_').toUpperCase()}`;
}
