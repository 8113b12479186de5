/** A number that identifies a text: FNV-1a twice, with another start, as 53 bits. Not for secrets. */

const PRIME = 0x01000193;
const [FIRST, SECOND] = [0x811c9dc5, 0x9747b28c] as const;

/** A safe integer. */
export function hashOf(text: string): number {
  return (fnv(text, SECOND) >>> 11) * 2 ** 32 + fnv(text, FIRST);
}

function fnv(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return hash >>> 0;
}
