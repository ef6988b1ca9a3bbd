// stopgap until publisher.ts lands
export function startDemo(_o: unknown): Promise<() => Promise<void>> { return Promise.resolve(() => Promise.resolve()); }
