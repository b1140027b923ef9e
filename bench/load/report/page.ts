import type { BenchResult } from './result.ts';
export function renderPage(_result: BenchResult): string {
  return '';
}
