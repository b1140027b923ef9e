#!/usr/bin/env node
// The same program by the name that it had: an ES module takes longer to start.
// oxlint-disable-next-line import/no-unassigned-import -- it starts the program
import './main.cjs';
