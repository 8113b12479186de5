/**
 * Error numbers of Linux that the agent acts upon (<asm-generic/errno.h>). The engine finds them in the
 * kernel's answers and cannot ask an operating system for them.
 */
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EIO = 5;
export const EAGAIN = 11;
export const EACCES = 13;
export const EEXIST = 17;
export const ENODEV = 19;
export const EOPNOTSUPP = 95;
export const EADDRNOTAVAIL = 99;
export const ENOBUFS = 105;
