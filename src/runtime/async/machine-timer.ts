import type { StartTimer } from '../../clock.ts';

export const machineTimer: StartTimer = (delayMs, action) => {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
};
