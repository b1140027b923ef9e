'use strict';

/** Loads the ES module. A file of its own, for jest runs the one that it was asked for in a world without `import()`. */
module.exports = () => import('./index.js');
