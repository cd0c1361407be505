/** `2026-11-21 11:30 UTC`: the hub and whoever reads it may be in different places. */
export function formatTime(ms: number): string {
  return `${isoTime(ms).slice(0, 16).replace('T', ' ')} UTC`;
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
