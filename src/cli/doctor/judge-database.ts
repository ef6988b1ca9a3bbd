import type { EmbeddedFacts } from '../../database/inspect-embedded.ts';
import type { DatabaseFacts } from '../../database/inspect.ts';
import { failure, ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';

const CHECK = 'PostgreSQL';
const OLDEST = 15;
const NEWEST_TRIED = 18;

/** What is to be said of a server that answered. */
export function judgeDatabase(facts: DatabaseFacts): Finding[] {
  return [
    ...judgeServer(facts),
    ...judgeTransactions(facts),
    ...judgeDurability(facts),
    judgeConnections(facts),
    ...judgeClock(facts),
  ];
}

function judgeServer({ version, readOnly, mayCreate, encoding, user, database }: DatabaseFacts): Finding[] {
  const major = Math.floor(version / 10_000);
  const name = `${major}.${version % 10_000}`;
  const findings: Finding[] = [];
  if (major < OLDEST)
    findings.push(failure(CHECK, `version ${name}`, `Use ${OLDEST} or newer: the catalogue's statements need it.`));
  else if (major > NEWEST_TRIED)
    findings.push(
      warning(CHECK, `version ${name}`, `Reprise has been tried up to ${NEWEST_TRIED}. Try a copy of your data first.`),
    );
  else findings.push(ok(CHECK, `version ${name}`));
  if (readOnly)
    findings.push(
      failure(
        CHECK,
        'takes no writes: a standby, or default_transaction_read_only is on',
        'Give the address of the primary: what happens to sessions is written there.',
      ),
    );
  if (!mayCreate) {
    findings.push(
      failure(
        CHECK,
        `user ${user} may not make tables in ${database}`,
        `As its owner: alter database "${database}" owner to "${user}"; or grant create on schema public to "${user}". Reprise makes its tables itself.`,
      ),
    );
  }
  if (encoding !== 'UTF8')
    findings.push(failure(CHECK, `encoding ${encoding}`, `create database … encoding 'UTF8': names of lives are in any script.`));
  return findings;
}

function judgeTransactions({ isolation, maxPredicateLocks, database }: DatabaseFacts): Finding[] {
  if (isolation === 'read committed') return [ok(CHECK, 'default_transaction_isolation read committed')];
  const findings = [
    warning(
      CHECK,
      `default_transaction_isolation ${isolation}`,
      `alter database "${database}" set default_transaction_isolation = 'read committed'. Nothing is lost as it is: transactions of Reprise name their level and try again after a conflict. But single statements conflict when many lives start at once, and each conflict is a wait and a line in the server's log.`,
    ),
  ];
  if (isolation === 'serializable' && maxPredicateLocks < 256) {
    findings.push(
      warning(
        CHECK,
        `max_pred_locks_per_transaction ${maxPredicateLocks} with serializable transactions`,
        'Raise it to 1024 (postgresql.conf, restart), with max_pred_locks_per_page 64 and max_pred_locks_per_relation 4096: with few, a lock on a row becomes one on its table, and starts of lives that have nothing to do with each other conflict.',
      ),
    );
  }
  return findings;
}

function judgeDurability({ synchronousCommit, fsync, fullPageWrites, database }: DatabaseFacts): Finding[] {
  const findings: Finding[] = [];
  if (synchronousCommit === 'off') {
    findings.push(
      failure(
        CHECK,
        'synchronous_commit off',
        `alter database "${database}" set synchronous_commit = on. What PostgreSQL has confirmed is crossed off in the ledger: a crash within the next second would lose sessions and their replays. It costs little: facts of a storm are written in batches.`,
      ),
    );
  }
  for (const [name, on] of [
    ['fsync', fsync],
    ['full_page_writes', fullPageWrites],
  ] as const) {
    if (!on)
      findings.push(
        failure(CHECK, `${name} off`, `Turn it on (postgresql.conf): a power cut could leave the whole catalogue unreadable.`),
      );
  }
  return findings.length > 0 ? findings : [ok(CHECK, `synchronous_commit ${synchronousCommit}, fsync on`)];
}

function judgeConnections(facts: DatabaseFacts): Finding {
  const { maxConnections, reservedConnections, otherConnections, connectionLimit, poolConnections } = facts;
  const forAll = maxConnections - reservedConnections;
  const why = 'While they are all taken nobody can sign in, and the catalogue falls behind the broadcasts.';
  if (connectionLimit !== null && connectionLimit < poolConnections) {
    return failure(
      CHECK,
      `connection limit ${connectionLimit} of the user or database; Reprise opens up to ${poolConnections}`,
      `alter role/database … connection limit ${poolConnections + 3}. ${why}`,
    );
  }
  const text = `max_connections ${maxConnections}: ${reservedConnections} reserved, ${otherConnections} of others open; Reprise opens up to ${poolConnections}`;
  const advice = `Raise max_connections to ${Math.max(50, otherConnections + reservedConnections + 2 * poolConnections)} (postgresql.conf, restart). ${why}`;
  if (forAll < poolConnections) return failure(CHECK, text, advice);
  return forAll - otherConnections < poolConnections ? warning(CHECK, text, advice) : ok(CHECK, text);
}

function judgeClock({ clockAheadMs, roundTripMs, timeZones }: DatabaseFacts): Finding[] {
  const findings: Finding[] = [];
  const apart = Math.abs(clockAheadMs);
  const text = `the database's clock is ${(apart / 1000).toFixed(apart < 100 ? 3 : 1)} s ${clockAheadMs < 0 ? 'behind' : 'ahead'}`;
  const advice =
    'Run chrony or systemd-timesyncd on both machines: sessions have the times of this one, sign-ins end by those of the other.';
  if (apart > 60_000) findings.push(failure('clock', text, advice));
  else findings.push(apart > 2_000 ? warning('clock', text, advice) : ok('clock', text));
  if (!timeZones)
    findings.push(warning(CHECK, 'has no time zone data', 'Install tzdata where it runs: days begin by the zone of a live.'));
  if (roundTripMs > 20)
    findings.push(
      warning(
        CHECK,
        `a round trip takes ${roundTripMs.toFixed(0)} ms`,
        'Put it nearer: pages make several, and a batch of facts about ten. Broadcasts do not wait for it.',
      ),
    );
  return findings;
}

/** What is to be said of the built-in server, before its facts. */
export function judgeEmbedded({ pid, uid, dataMajor, facts, problem, tookMs }: EmbeddedFacts): Finding[] {
  const check = 'built-in PostgreSQL';
  if (facts === null) {
    return [
      failure(
        check,
        pid === null ? 'does not start here' : `process ${pid} does not answer`,
        `${problem ?? ''} Its log is postgres/postgres.log in the data directory. Or use a server of your own with --database-url.`.trim(),
      ),
    ];
  }
  const major = Math.floor(facts.version / 10_000);
  if (dataMajor !== null && dataMajor !== major) {
    return [
      failure(
        check,
        `is version ${major}; the data is of ${dataMajor}`,
        `Start the Reprise that made it, and dump the database into a PostgreSQL ${major}: its files are not read by another major version.`,
      ),
    ];
  }
  const user = uid === null ? '' : `, as user ${uid}`;
  return [
    ok(
      check,
      pid === null
        ? `made, started and removed one on trial in ${(tookMs / 1000).toFixed(1)} s${user}`
        : `runs as process ${pid}`,
    ),
  ];
}
