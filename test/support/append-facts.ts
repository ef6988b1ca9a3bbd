/** Program: appends facts to the ledger in argv[2] without end, numbered from argv[3], and prints the number of each that is durable. */
import { Ledger } from '../../src/ledger/ledger.ts';
import { createLog } from '../../src/log.ts';
import { makeFact } from './session-facts.ts';

const [, , directory, from] = process.argv;
const apply = (): Promise<never> => Promise.reject(new Error('away'));
const ledger = await Ledger.open({ directory, log: createLog('silent'), apply, compactAtBytes: 20_000 });
for (let n = Number(from) + 1; ; n += 3) {
  const batch = [n, n + 1, n + 2].map((number) =>
    ledger.append(makeFact(number, number)).then(() => process.stdout.write(`${number}\n`)),
  );
  void ledger.append(makeFact(n, n, { revision: 2 }));
  await Promise.race(batch);
}
