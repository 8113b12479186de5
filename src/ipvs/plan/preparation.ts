/**
 * What a host must be set to for a forwarding method of IPVS: each requirement with its reason, what
 * was found, and the commands that meet it. Looks at facts, changes nothing.
 */
import { directorRequirements } from './preparation-director.ts';
import { realServerRequirements } from './preparation-real-server.ts';
import type { HostFacts, PreparationInput, Requirement } from './requirement.ts';

export function requirementsOf(input: PreparationInput, facts: HostFacts): Requirement[] {
  return input.role === 'director'
    ? directorRequirements(input, facts)
    : realServerRequirements(input, facts);
}
