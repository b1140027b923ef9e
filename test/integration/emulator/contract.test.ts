import { start } from '../support/emulator.ts';
import { emulatorContract } from './contract.suite.ts';

emulatorContract('an emulator in this process', () => start({ clock: 'virtual' }));
