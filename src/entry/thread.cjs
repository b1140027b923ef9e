'use strict';

// Where a worker thread begins.
require('./load.cjs').openThread();
