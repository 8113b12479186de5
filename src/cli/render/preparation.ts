/** `ipvs prepare`: the settings found, and commands to paste into a shell for those that are missing. */
import type { Requirement } from '../../ipvs/plan/requirement.ts';
import type { Palette } from '../terminal/text.ts';

const SAFE = /^[A-Za-z0-9_./:=@%+-]+$/;

export function renderPreparation(requirements: readonly Requirement[], palette: Palette): string {
  const lines: string[] = [];
  for (const { state, subject, wanted, found, why, commands } of requirements) {
    switch (state) {
      case 'met':
        lines.push(palette.good(`ok       ${subject}: ${found}`));
        break;
      case 'unmet':
        lines.push(palette.bad(`missing  ${subject}: ${found}, should be ${wanted} (${why})`));
        lines.push(...commands.map((command) => `           ${commandLine(command)}`));
        break;
      case 'hint':
        lines.push(palette.notable(`decide   ${subject}: ${why}`));
        lines.push(...commands.map((command) => `           ${commandLine(command)}`));
        break;
    }
  }
  const kept = requirements.filter(({ state }) => state === 'unmet').flatMap(persistentLine);
  if (kept.length > 0) {
    lines.push(
      '',
      'To keep these settings across a reboot, add to /etc/sysctl.d/60-vrrp-agent.conf:',
    );
    lines.push(...kept.map((line) => `  ${line}`));
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Quoted for a shell. */
export function commandLine(command: readonly string[]): string {
  return command
    .map((word) => (SAFE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

function persistentLine({ persistent }: Requirement): string[] {
  return persistent === undefined ? [] : [persistent];
}
