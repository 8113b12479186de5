/**
 * The configuration as it grows, held against this program's own checks at each step: a key is kept
 * only when the file would still be accepted, so what is printed always passes `check`.
 */
import { stringify } from 'yaml';
import { loadConfig } from '../../config/load.ts';
import type { Note, Place, Statement } from './statement.ts';

/** The statement that something comes from. */
type Origin = Pick<Statement, 'file' | 'line' | 'words'>;

export type Keys = Record<string, unknown>;

export class Draft {
  readonly top: Keys = {};
  readonly instances: Keys[] = [];
  readonly notes: Note[] = [];

  note(place: Place, message: string): void {
    this.notes.push({ file: place.file, line: place.line, message });
  }

  /** Keeps the key of the agent if it is accepted beside an instance that is. */
  offerTop(key: string, value: unknown, place: Origin): boolean {
    const probe = { ...this.top, [key]: value, instances: this.#probes() };
    return this.#keep(probe, place, () => {
      this.top[key] = value;
    });
  }

  /** Keeps the key of the instance if the instance is accepted with it. */
  offer(instance: Keys, key: string, value: unknown, place: Origin): boolean {
    const probe = { ...this.#agentKeys(), instances: [{ ...instance, [key]: value }] };
    return this.#keep(probe, place, () => {
      instance[key] = value;
    });
  }

  /** Keeps the instance if it is accepted beside those before it. */
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

  /** Without what refers to instances. */
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
