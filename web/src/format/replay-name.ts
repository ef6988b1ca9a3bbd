/** A replay is first named after its live and the moment, in universal time; pages show that moment in the reader's own words beside the name. */
export function nameWithoutMoment(name: string): string {
  return /^(.*\S) - \d{4}-\d{2}-\d{2} \d{2}:\d{2}$/.exec(name)?.[1] ?? name;
}
