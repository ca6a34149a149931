import { HeadraceError } from '../../errors.ts';

/** Runs the step of a reset that a running group refuses. Throws COMMIT_REFUSED that says what to do. */
export async function requireStopped(group: string, reset: () => Promise<void>): Promise<void> {
  try {
    await reset();
  } catch (error) {
    if (!(error instanceof HeadraceError) || error.code !== 'COMMIT_REFUSED') throw error;
    throw new HeadraceError(
      'COMMIT_REFUSED',
      `${group} is running; nothing was reset. End its process ("headrace start": Ctrl-C), then run the reset again`,
      { cause: error },
    );
  }
}
