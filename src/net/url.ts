/** Parts of an http or https URL that may be shown: its path, its query or its user may be a secret. */

const PARTS = /^(https?:\/\/)(?:[^/?#\\]*@)?([^/?#\\]*)(.*)$/is;

const QUERY = /^([^?#]*)\?([^#]*)/s;

/** Scheme and host: `https://hooks.example.net`. */
export function originOf(url: string): string {
  return url.replace(PARTS, '$1$2');
}

/** Host and port. */
export function authorityOf(url: string): string {
  return url.replace(PARTS, '$2');
}

/** With user, password and what the query says replaced. */
export function withoutSecrets(url: string, mask: string): string {
  const shown = url.replace(PARTS, (whole, scheme: string, host: string, rest: string) =>
    whole.length === scheme.length + host.length + rest.length
      ? whole
      : `${scheme}${mask}@${host}${rest}`,
  );
  return withoutValues(shown, mask);
}

/** Of a URL or a path with a query: the names of its parameters stay, their values are replaced. */
export function withoutValues(url: string, mask: string): string {
  return url.replace(QUERY, (_, before: string, query: string) => {
    const parameters = query.split('&').map((one) => {
      const end = one.indexOf('=');
      return one === '' ? one : `${one.slice(0, end + 1)}${mask}`;
    });
    return `${before}?${parameters.join('&')}`;
  });
}
