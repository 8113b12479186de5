/** Configurations with one instance, and the result of loading them. */
import { type LoadedConfig, loadConfig } from '../../../src/config/load.ts';

export function load(instance: string, top = '') {
  const text = `${top}\ninstances:\n  - ${instance}\n`;
  return loadConfig(text, { hostName: 'host' });
}

/** An instance in flow style with these keys and the required ones. */
export function web(keys: string, top = '', addresses = '[203.0.113.1]') {
  return load(
    `{ name: web, interface: eth0, vrid: 1, addresses: ${addresses}${keys && `, ${keys}`} }`,
    top,
  );
}

export function errors(result: ReturnType<typeof load>): string[] {
  return result.ok ? [] : result.error.map(({ message }) => message);
}

export function value(result: ReturnType<typeof load>): LoadedConfig {
  if (!result.ok) throw new Error(errors(result).join('\n'));
  return result.value;
}

export function instanceOf(result: ReturnType<typeof load>) {
  return value(result).settings.instances[0];
}
