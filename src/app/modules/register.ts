/**
 * `node --import headrace/register` runs TypeScript, on every Node.js that Headrace runs on: `node --import headrace/register --test
 * topology.test.ts`. It has no exports.
 *
 * @module headrace/register
 */
import 'jiti/register';
