// node bundle.mjs PUBLIC_FOLDER BUNDLE: done once, as Remotion's documentation asks; it is not timed.
import {bundle} from '@remotion/bundler';
import path from 'node:path';

const [publicDir, outDir] = process.argv.slice(2).map((argument) => path.resolve(argument));
await bundle({entryPoint: path.resolve(import.meta.dirname, 'src/index.jsx'), publicDir, outDir});
