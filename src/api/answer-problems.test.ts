import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify from 'fastify';
import { CommitUnknown } from '../database/database.ts';
import { createLog } from '../log.ts';
import { problemAnswerer } from './answer-problems.ts';
import { problem } from './problem.ts';

const TABLE: { name: string; thrown: unknown; status: number; code: string | undefined; retryAfter?: string }[] = [
  { name: 'a problem of ours', thrown: problem('live_not_enabled', 'Off'), status: 403, code: 'live_not_enabled' },
  {
    name: 'the database away',
    thrown: Object.assign(new Error('connect ENOENT /secret/socket'), { code: 'ENOENT' }),
    status: 503,
    code: 'database_unavailable',
    retryAfter: '5',
  },
  {
    name: 'a commit in doubt',
    thrown: new CommitUnknown(new Error('secret')),
    status: 503,
    code: 'database_unavailable',
    retryAfter: '5',
  },
  { name: 'a bug', thrown: new TypeError('secret is not a function'), status: 500, code: undefined },
  { name: 'nothing that is an error', thrown: 'secret', status: 500, code: undefined },
];

for (const { name, thrown, status, code, retryAfter } of TABLE) {
  test(`the answer to ${name}`, async (t) => {
    const app = fastify();
    t.after(() => app.close());
    app.setErrorHandler(problemAnswerer('http://here', createLog('silent')));
    app.get('/', () => Promise.reject(thrown as Error));
    const answer = await app.inject('/');
    assert.equal(answer.statusCode, status);
    assert.equal(answer.json<{ code?: string }>().code, code);
    assert.equal(answer.headers['retry-after'], retryAfter);
    assert.ok(!answer.body.includes('secret'), answer.body);
  });
}
