import { installTools } from '../tools.ts';
import { tools } from './tools.ts';

/** Runs once, before all files of the project. Where a tool is missing still, the tests that need it say so and fail. */
export default function setup(): void {
  installTools(Object.values(tools), 'for the tests of the files for production');
}
