/**
 * The program nft(8): a whole ruleset goes in by standard input and is applied as one transaction, or
 * not at all. The main thread runs it; it never blocks.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

const FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/usr/local/sbin', '/bin'];
const TIMEOUT_MS = 10_000;
const OUTPUT_MAX = 64 * 1024 * 1024;

export class NftError extends Error {
  override readonly name = 'NftError';
  readonly code: 'nft-missing' | 'nft-failed';

  constructor(code: NftError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Undefined: it is not installed. */
export function nftProgram(folders: readonly string[] = FOLDERS): string | undefined {
  return folders.map((folder) => `${folder}/nft`).find(isExecutable);
}

/** What it prints. Rejects with `NftError`, whose message has the first line of its complaint. */
export function runNft(args: readonly string[], ruleset = ''): Promise<string> {
  const program = nftProgram();
  if (program === undefined) {
    const message = `the program nft (package nftables) is in none of ${FOLDERS.join(', ')}`;
    return Promise.reject(new NftError('nft-missing', message));
  }
  return new Promise((resolve, reject) => {
    const options = {
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      maxBuffer: OUTPUT_MAX,
      cwd: '/',
    } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new NftError('nft-failed', `nft: ${stderr.split('\n', 1)[0] || error.message}`));
    });
    // It may end before it has read all: that it has failed is told by its exit status.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(ruleset);
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
