/** 1, 2 or 5 times a power of ten, in the unit of the duration. */
export function tickStep(duration: number, ticks: number): number {
  const raw = duration / ticks;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((one) => one * power >= raw) ?? 10;
  return factor * power;
}
