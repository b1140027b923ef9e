import { render } from 'preact';
import { start } from './session.ts';
import { Root } from './shell/root.tsx';

const root = document.getElementById('app');
if (root !== null) {
  render(<Root />, root);
  void start();
}
