import { installTools } from '../tools.ts';
import { tools } from './tools.ts';

/**
 * Runs once before all files of the project. If a tool is still missing, the tests that need it fail with the
 * reason.
 */
export default function setup(): void {
  installTools(Object.values(tools), 'for the tests of the files for production');
}
