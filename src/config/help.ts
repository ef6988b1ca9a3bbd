import { environmentName, keyName } from './names.ts';
import type { Setting } from './setting.ts';

/** A setting as the help and the documentation show it. */
export interface SettingDescription {
  readonly key: string;
  readonly environment: string;
  readonly placeholder: string;
  readonly defaultText: string;
  readonly help: string;
  /** Whether the command line takes it. */
  readonly flag: boolean;
}

/** The table of settings in words. */
export function describeSettings(settings: Readonly<Record<string, Setting<unknown>>>): SettingDescription[] {
  return Object.entries(settings).map(([name, setting]) => ({
    key: keyName(name),
    environment: environmentName(name),
    placeholder: setting.placeholder,
    defaultText: setting.defaultText ?? String(setting.default),
    help: setting.help,
    flag: setting.noFlag !== true,
  }));
}

/** The text of `--help`. */
export function formatHelp(settings: readonly SettingDescription[], version: string): string {
  const lines = [`Reprise ${version}: self-hosted live streaming for permanent lives.`, '', 'npm start -- [--name value]…', ''];
  for (const { key, environment, placeholder, defaultText, help, flag } of settings) {
    lines.push(`  ${flag ? `--${key} ${placeholder}` : environment}`);
    lines.push(`      ${help}`);
    lines.push(`      Default: ${defaultText}.${flag ? ` Environment: ${environment}.` : ''}`);
  }
  lines.push(
    '  --help, --version',
    '',
    'A flag counts before the environment, the environment before the file. The file is YAML, one "name: value" a line: the one',
    'that --config (REPRISE_CONFIG) names, else reprise.yaml in the data directory, else ./reprise.yaml.',
  );
  return lines.join('\n');
}
