/**
 * The configuration under construction. It keeps a key only if the file still loads with it, so the
 * result always passes `check`.
 */
import { stringify } from 'yaml';
import { loadConfig } from '../../config/load.ts';
import type { Note, Place, Statement } from './parser.ts';

/** The statement that is being converted. */
type Origin = Pick<Statement, 'file' | 'line' | 'words'>;

export type Keys = Record<string, unknown>;

export class Draft {
  readonly top: Keys = {};
  readonly instances: Keys[] = [];
  readonly notes: Note[] = [];

  note(place: Place, message: string): void {
    this.notes.push({ file: place.file, line: place.line, message });
  }

  /** Keeps a top-level key if the file loads with it; false: refused, with a note. */
  offerTop(key: string, value: unknown, place: Origin): boolean {
    const probe = { ...this.top, [key]: value, instances: this.#probes() };
    return this.#keep(probe, place, () => {
      this.top[key] = value;
    });
  }

  /** Keeps a key of the instance if the instance loads with it; false: refused, with a note. */
  offer(instance: Keys, key: string, value: unknown, place: Origin): boolean {
    const probe = { ...this.#agentKeys(), instances: [{ ...instance, [key]: value }] };
    return this.#keep(probe, place, () => {
      instance[key] = value;
    });
  }

  /** Keeps the instance if it loads together with the earlier ones; false: refused, with a note. */
  add(instance: Keys, place: Origin): boolean {
    const probe = { ...this.#agentKeys(), instances: [...this.instances, instance] };
    return this.#keep(probe, place, () => this.instances.push(instance));
  }

  #keep(probe: Keys, place: Origin, keep: () => void): boolean {
    const refused = refusalOf(probe);
    if (refused === undefined) {
      keep();
      return true;
    }
    this.note(place, `${place.words.join(' ')}: ${refused}`);
    return false;
  }

  /** The top-level keys that do not refer to instances. */
  #agentKeys(): Keys {
    const { sync_groups: _groups, ipvs: _ipvs, ...others } = this.top;
    return others;
  }

  #probes(): Keys[] {
    return this.instances.length > 0 ? this.instances : [PROBE];
  }
}

const PROBE: Keys = { name: 'probe', interface: 'lo', vrid: 1, addresses: ['192.0.2.1'] };

function refusalOf(file: Keys): string | undefined {
  const loaded = loadConfig(stringify(file), { hostName: 'import' });
  return loaded.ok ? undefined : loaded.error.map(({ message }) => message).join('; ');
}
