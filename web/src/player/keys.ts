/** What a key does to the player. */
export type PlayerCommand =
  { do: 'toggle' } | { do: 'mute' } | { do: 'fullscreen' } | { do: 'skip'; seconds: number } | { do: 'louder'; by: number };

const commands: Record<string, PlayerCommand> = {
  ' ': { do: 'toggle' },
  k: { do: 'toggle' },
  m: { do: 'mute' },
  f: { do: 'fullscreen' },
  j: { do: 'skip', seconds: -10 },
  l: { do: 'skip', seconds: 10 },
  ArrowLeft: { do: 'skip', seconds: -5 },
  ArrowRight: { do: 'skip', seconds: 5 },
  ArrowUp: { do: 'louder', by: 0.1 },
  ArrowDown: { do: 'louder', by: -0.1 },
};

/** Where the focus is: keys belong to fields first, space to buttons, arrows up and down to the page outside the player. */
export type Focus = 'player' | 'button' | 'volume' | 'field' | 'elsewhere';

/** The command of a key, or `null` when it is not the player's. */
export function commandOf(key: string, focus: Focus): PlayerCommand | null {
  const command = commands[key.length === 1 ? key.toLowerCase() : key] ?? null;
  if (command === null || focus === 'field') return null;
  if (focus === 'button' && key === ' ') return null;
  if (focus === 'volume' && key.startsWith('Arrow')) return null;
  if (focus === 'elsewhere' && (command.do === 'louder' || key === ' ')) return null;
  return command;
}
