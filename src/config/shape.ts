/** Holds plain values against the schema and says what does not fit in words for operators. */
import type { Findings, Path } from './finding.ts';
import type { InstanceValues } from './inherit.ts';
import { type ConfigFile, configFile } from './schema.ts';
import { checkAgainst } from './shape-report.ts';

/** A file of which any part may be missing, because it was wrong and has been reported. */
export type DraftFile = Omit<Partial<ConfigFile>, 'instances'> & {
  readonly instances?: readonly (InstanceValues | undefined)[];
};

/** Reports what does not fit, and returns what does: it can still be checked for its meaning. */
export function checkShape(value: unknown, findings: Findings): DraftFile {
  const shaped = checkAgainst(configFile, value, findings);
  return shaped.fits ? shaped.value : without(value, shaped.broken);
}

/**
 * A copy without what lies at the paths: the key of the file, of `defaults` or of the instance
 * that holds it goes as a whole, so that what is left has its full shape. Lists of addresses keep
 * their other entries, in their places.
 */
function without(value: unknown, broken: readonly Path[]): DraftFile {
  if (!isMapping(value)) return {};
  const instances = Array.isArray(value['instances'])
    ? value['instances'].map((item: unknown) => (isMapping(item) ? { ...item } : undefined))
    : undefined;
  const defaults = isMapping(value['defaults']) ? { ...value['defaults'] } : undefined;
  const draft: Record<string, unknown> = { ...value, instances, defaults };
  for (const [top, second, third, fourth] of broken) {
    const key = String(top);
    if (key === 'defaults' && defaults !== undefined && second !== undefined) {
      delete defaults[String(second)];
    } else if (key === 'instances' && instances !== undefined && second !== undefined) {
      const instance = instances[Number(second)];
      if (instance !== undefined && third !== undefined) dropKey(instance, String(third), fourth);
    } else {
      delete draft[key];
    }
  }
  return draft as DraftFile;
}

function dropKey(
  instance: Record<string, unknown>,
  key: string,
  position: string | number | undefined,
): void {
  const list = instance[key];
  if (key.endsWith('addresses') && Array.isArray(list) && typeof position === 'number') {
    instance[key] = list.with(position, undefined);
  } else {
    delete instance[key];
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
