/** Checks the values of a file against its schema, and keeps the valid parts. */
import type { Findings, Path } from '../finding.ts';
import type { InstanceValues } from '../lower/inherit.ts';
import type { IpvsDraft } from './ipvs-schema.ts';
import { type ConfigFile, configFile } from './schema.ts';
import { checkAgainst } from './shape-report.ts';

/** A file without its invalid parts, which have been reported. */
export type DraftFile = Omit<Partial<ConfigFile>, 'instances' | 'ipvs'> & {
  readonly instances?: readonly (InstanceValues | undefined)[] | undefined;
  readonly ipvs?: IpvsDraft | undefined;
  /** True if the file has `ipvs.sync`, valid or not. */
  readonly namesSync: boolean;
};

/** Reports what is invalid, and returns the rest, so that `lower` can check it as well. */
export function checkShape(value: unknown, findings: Findings): DraftFile {
  const shaped = checkAgainst(configFile, value, findings);
  const namesSync = isMapping(value) && isMapping(value['ipvs']) && 'sync' in value['ipvs'];
  return { ...(shaped.fits ? shaped.value : without(value, shaped.broken)), namesSync };
}

/**
 * A copy without the values at the paths. It drops the whole key of the file, of `defaults`, of
 * `ipvs` or of the instance that contains the value, so that the rest is valid. Lists of addresses
 * and services keep their other entries at their positions.
 */
function without(value: unknown, broken: readonly Path[]): Omit<DraftFile, 'namesSync'> {
  if (!isMapping(value)) return {};
  const instances = Array.isArray(value['instances'])
    ? value['instances'].map((item: unknown) => (isMapping(item) ? { ...item } : undefined))
    : undefined;
  const defaults = isMapping(value['defaults']) ? { ...value['defaults'] } : undefined;
  const ipvs = isMapping(value['ipvs']) ? { ...value['ipvs'] } : undefined;
  const draft: Record<string, unknown> = { ...value, instances, defaults, ipvs };
  for (const [top, second, third, fourth] of broken) {
    const key = String(top);
    if (key === 'defaults' && defaults !== undefined && second !== undefined) {
      delete defaults[String(second)];
    } else if (key === 'ipvs' && ipvs !== undefined && second !== undefined) {
      dropEntry(ipvs, String(second), third);
    } else if (key === 'instances' && instances !== undefined && second !== undefined) {
      const instance = instances[Number(second)];
      if (instance !== undefined && third !== undefined) dropKey(instance, String(third), fourth);
    } else {
      delete draft[key];
    }
  }
  return draft as Omit<DraftFile, 'namesSync'>;
}

function dropKey(
  instance: Record<string, unknown>,
  key: string,
  position: string | number | undefined,
): void {
  if (key.endsWith('addresses')) dropEntry(instance, key, position);
  else delete instance[key];
}

/** Drops one entry of a list, or the key if its value is not a list. */
function dropEntry(
  holder: Record<string, unknown>,
  key: string,
  position: string | number | undefined,
): void {
  const list = holder[key];
  if (Array.isArray(list) && typeof position === 'number') {
    holder[key] = list.with(position, undefined);
  } else {
    delete holder[key];
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
