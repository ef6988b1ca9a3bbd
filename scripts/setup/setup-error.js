/** Something on this machine keeps Reprise from being set up: a message for a person, with what to do. No stack is shown. */
export class SetupError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = 'SetupError';
  }
}
