import { failure, ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';
import type { NetworkFacts, PortFacts } from './network-facts.ts';

/** What is to be said of the addresses. */
export function judgeNetwork(network: NetworkFacts): Finding[] {
  return [...network.ports.map(judgePort), ...judgePublicUrl(network)];
}

function judgePort({ setting, host, port, code, ours }: PortFacts): Finding {
  const check = `${setting} port`;
  const text = `${host} ${port}`;
  if (port === 0)
    return warning(
      check,
      `${host}, any free one`,
      `Set --${setting}-port: another one is taken at each start, and ${setting === 'rtmp' ? 'publishers' : 'viewers'} would not find it again.`,
    );
  if (code === null) return ok(check, `${text} is free`);
  if (ours) return ok(check, `${text} is held by the Reprise that runs here`);
  switch (code) {
    case 'EADDRINUSE':
      return failure(check, `${text} is in use by another program`, `Stop it, or choose another with --${setting}-port.`);
    case 'EACCES':
      return failure(
        check,
        `this user may not listen on ${text}`,
        `Choose one above 1023 with --${setting}-port, or sysctl net.ipv4.ip_unprivileged_port_start=${port}.`,
      );
    default:
      return failure(
        check,
        `${text} cannot be listened on: ${code}`,
        `Choose an address of this machine with --${setting}-host; 0.0.0.0 is all of them.`,
      );
  }
}

function judgePublicUrl({ ports, publicUrl, rtmpPublicUrl, unknownHosts }: NetworkFacts): Finding[] {
  const check = 'public URL';
  const findings: Finding[] = unknownHosts.map((host) =>
    warning(check, `the name ${host} is not known here`, 'Set its address in the DNS: players and publishers are sent to it.'),
  );
  if (publicUrl === null) {
    const onlyHere = ports.filter(({ setting }) => setting === 'http').every(({ host }) => isLoopback(host));
    if (onlyHere) findings.push(ok(check, 'not set: for this machine only, as the HTTP host is'));
    else
      findings.push(
        warning(check, 'not set: viewers and publishers are told localhost', 'Set --public-url to the address that they use.'),
      );
    return findings;
  }
  const { protocol, hostname, pathname } = new URL(publicUrl);
  if (pathname !== '/')
    findings.push(
      warning(check, `${publicUrl} has a path`, 'Serve Reprise at the root of a name of its own: its addresses begin with /.'),
    );
  if (isLoopback(hostname))
    findings.push(warning(check, `${publicUrl} is this machine`, 'Set --public-url to the address that viewers use.'));
  else if (protocol === 'http:')
    findings.push(
      warning(
        check,
        `${publicUrl} is not HTTPS`,
        'Put a proxy with a certificate in front (docs/install.md): passwords and tokens travel in the clear, and browsers open only a few HTTP/1.1 connections.',
      ),
    );
  if (rtmpPublicUrl !== null && isLoopback(new URL(rtmpPublicUrl).hostname) && !isLoopback(hostname)) {
    findings.push(warning(check, `publishers are told ${rtmpPublicUrl}`, 'Set --rtmp-public-url to the address that they use.'));
  }
  return findings.length > 0 ? findings : [ok(check, publicUrl)];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host.startsWith('127.') || host === '::1' || host === '[::1]';
}
