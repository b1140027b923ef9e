import { installTools } from '../tools.ts';
import { tools } from './tools.ts';

/** Runs once, before all example suites. Where a tool is missing still, its suite says so and fails. */
export default function setup(): void {
  installTools(Object.values(tools), 'for the example suites of other languages');
}
