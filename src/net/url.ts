/** Parts of an http or https URL that may be shown: its path or its user may be a secret. */

const PARTS = /^(https?:\/\/)(?:[^/?#\\]*@)?([^/?#\\]*)(.*)$/is;

/** Scheme and host: `https://hooks.example.net`. */
export function originOf(url: string): string {
  return url.replace(PARTS, '$1$2');
}

/** Host and port. */
export function authorityOf(url: string): string {
  return url.replace(PARTS, '$2');
}

/** With user and password replaced. */
export function withoutUser(url: string, mask: string): string {
  return url.replace(PARTS, (whole, scheme: string, host: string, rest: string) =>
    whole.length === scheme.length + host.length + rest.length
      ? whole
      : `${scheme}${mask}@${host}${rest}`,
  );
}
