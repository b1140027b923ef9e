import { installTools } from '../tools.ts';
import { tools } from './tools.ts';

/** Runs once before all example suites. If a tool is still missing, its suite fails with the reason. */
export default function setup(): void {
  installTools(Object.values(tools), 'for the example suites of other languages');
}
