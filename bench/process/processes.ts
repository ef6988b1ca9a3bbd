/** The processes of a server, its database told apart. */
export interface Processes {
  readonly server: readonly number[];
  readonly database: readonly number[];
}
