'use strict';

// The entry point of a worker thread.
require('./load.cjs').openThread();
