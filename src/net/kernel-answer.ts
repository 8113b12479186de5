/** The kernel's answer to one change. */
export interface KernelAnswer {
  /** Zero, or a positive errno. */
  readonly errno: number;
  /** The reason in the kernel's words, if it gives one. */
  readonly text: string | undefined;
}
