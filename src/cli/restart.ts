import type { List, LiveRestart, LiveRestartPlan, LiveRestartRequest, ProblemAnswer } from '../api/contract.ts';
import type { CommandIo } from './command-io.ts';
import { parseRestartArguments, RESTART_HELP } from './restart-arguments.ts';
import type { RestartArguments } from './restart-arguments.ts';

const TIMEOUT_MS = 30_000;
const METHODS = { plan: 'POST', list: 'GET', cancel: 'DELETE' } as const;

/** `reprise restart`: one call to the API of a running server. Resolves with the exit code. */
export async function runRestart(
  args: readonly string[],
  io: Pick<CommandIo, 'out' | 'err' | 'env' | 'signal'>,
): Promise<number> {
  const wanted = parseRestartArguments(args, io.env);
  if (wanted === null) {
    io.out(RESTART_HELP);
    return 0;
  }
  let answer: { ok: boolean; status: number; text: string };
  try {
    answer = await ask(wanted, io.signal);
  } catch (error) {
    const { message, cause } = error as Error;
    io.err(`reprise restart: ${wanted.url} does not answer: ${cause instanceof Error ? cause.message : message}\n`);
    return 1;
  }
  if (!answer.ok) {
    io.err(`reprise restart: the server said no (${answer.status}): ${detailOf(answer.text)}\n`);
    return 1;
  }
  if (wanted.json) io.out(answer.text === '' ? '' : `${answer.text}\n`);
  else if (wanted.action === 'cancel') io.out('Nothing is planned any more.\n');
  else io.out(formatPlan(JSON.parse(answer.text) as LiveRestartPlan | List<LiveRestart>));
  return 0;
}

async function ask(
  { action, lives, overS, url, token }: RestartArguments,
  signal: AbortSignal,
): Promise<{ ok: boolean; status: number; text: string }> {
  const request: LiveRestartRequest = { overS, ...(lives.length === 0 ? {} : { ids: [...lives] }) };
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (action === 'plan') headers['content-type'] = 'application/json';
  const response = await fetch(`${url}/api/v1/videos/live/restarts`, {
    method: METHODS[action],
    headers,
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    ...(action === 'plan' ? { body: JSON.stringify(request) } : {}),
  });
  return { ok: response.ok, status: response.status, text: await response.text() };
}

/** What is planned, a live a line, and what is left alone. */
function formatPlan(plan: LiveRestartPlan | List<LiveRestart>): string {
  const { data } = plan;
  const lines = data.map(({ date, video }) => `${date}  ${video.uuid}  ${video.name}`);
  if ('leftAlone' in plan)
    lines.push(...plan.leftAlone.map(({ uuid, reason }) => `left alone, ${reason.replaceAll('_', ' ')}: ${uuid}`));
  const ends = data.length === 0 ? '' : `, from ${data[0].date} to ${data[data.length - 1].date}`;
  lines.push(`${data.length} ${data.length === 1 ? 'restart is' : 'restarts are'} planned${ends}.`);
  return `${lines.join('\n')}\n`;
}

function detailOf(text: string): string {
  try {
    return (JSON.parse(text) as ProblemAnswer).detail;
  } catch {
    return text.slice(0, 200);
  }
}
