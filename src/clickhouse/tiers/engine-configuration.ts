import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COLD_TIERS, type TierDirectories } from './tier-settings.ts';

const CONFIGURATION_FILE = 'headrace-tiers.xml';

/**
 * Arguments that give the embedded engine its tiers, through a configuration file in its directory; none where there are no
 * tiers. The policy `default` is made anew, so that every table that is there has it already: the hot volume is the
 * engine's own disk, on which all lies that does not age. Nothing but age moves a part: not a disk that fills up.
 */
export function tierArguments(path: string, directories: TierDirectories): readonly string[] {
  const tiers = COLD_TIERS.flatMap((tier) => {
    const directory = directories[tier];
    return directory === undefined ? [] : [{ tier, directory }];
  });
  const file = join(path, CONFIGURATION_FILE);
  if (tiers.length === 0) {
    rmSync(file, { force: true });
    return [];
  }
  const disks = tiers.map(
    ({ tier, directory }) => `<${tier}><type>local</type><path>${xmlText(`${directory}/`)}</path></${tier}>`,
  );
  const volumes = tiers.map(({ tier }) => `<${tier}><disk>${tier}</disk></${tier}>`);
  writeFileSync(
    file,
    `<clickhouse><storage_configuration>
<disks>${disks.join('')}</disks>
<policies><default>
<volumes><hot><disk>default</disk></hot>${volumes.join('')}</volumes>
<move_factor>0</move_factor>
</default></policies>
</storage_configuration></clickhouse>
`,
    { mode: 0o600 },
  );
  return [`--config-file=${file}`];
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
