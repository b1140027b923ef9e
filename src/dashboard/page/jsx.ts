// What the build puts in place of JSX, in every file that has some.
export { Fragment, h } from 'preact';
