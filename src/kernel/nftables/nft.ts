/**
 * Runs the program nft(8), from the main thread only. It reads a whole ruleset from standard input and
 * applies it as one transaction, or not at all.
 */
import { CommandFailure, readCommand } from '../command/command.ts';
import { findProgram, PROGRAM_FOLDERS } from '../command/program.ts';

const TIMEOUT_MS = 10_000;

export class NftError extends Error {
  override readonly name = 'NftError';
  readonly code: 'nft-missing' | 'nft-failed';

  constructor(code: NftError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Returns what nft prints. Rejects with `NftError`, whose message has the first line of its errors. */
export async function runNft(args: readonly string[], ruleset = ''): Promise<string> {
  const program = findProgram('nft');
  if (program === undefined) {
    const folders = PROGRAM_FOLDERS.join(', ');
    throw new NftError(
      'nft-missing',
      `the program nft (package nftables) is not in any of ${folders}`,
    );
  }
  const argv = [program, ...args];
  try {
    return await readCommand({ argv, user: undefined, timeoutMs: TIMEOUT_MS, input: ruleset });
  } catch (error) {
    if (error instanceof CommandFailure) throw new NftError('nft-failed', `nft: ${error.message}`);
    throw error;
  }
}
