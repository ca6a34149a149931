import { defineConfig } from 'headrace';

export default defineConfig({ topology: './topology.ts', partitions: 4 });
