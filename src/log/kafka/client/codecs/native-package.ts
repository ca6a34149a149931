import { createRequire } from 'node:module';
import { HeadraceError } from '../../../../errors.ts';

const require = createRequire(import.meta.url);
const loaded = new Map<string, unknown>();

/**
 * A codec's package, loaded when its compression is first met: a platform without its binary can do all else. Throws
 * KAFKA_CLIENT_UNSUPPORTED. The caller knows the package's type.
 */
export function nativePackage<Package>(codec: string, name: string): Package {
  const known = loaded.get(name);
  // The map holds what require gave for this name; callers name the type beside the name, in one place each.
  if (known !== undefined) return known as Package;
  try {
    const found: unknown = require(name);
    loaded.set(name, found);
    return found as Package;
  } catch (cause) {
    throw new HeadraceError(
      'KAFKA_CLIENT_UNSUPPORTED',
      `Compression with ${codec} needs the package ${name} with its binary for ${process.platform}-${process.arch}, and it cannot ` +
        'be loaded: run `npm ci` without --omit=optional on this machine, or write the topic with another compression',
      { cause },
    );
  }
}
