// node render.mjs SETTINGS.json: renders the clip once and says on stdout what it was rendered with.
import {renderMedia, selectComposition} from '@remotion/renderer';
import {readFile} from 'node:fs/promises';

const settings = JSON.parse(await readFile(process.argv[2], 'utf8'));
const common = {
  serveUrl: settings.bundle,
  inputProps: settings.scene,
  browserExecutable: settings.browser,
  // Debian's Chromium is a whole browser: it has no old headless mode.
  chromeMode: 'chrome-for-testing',
  logLevel: 'error',
};
const composition = await selectComposition({...common, id: 'clip'});
await renderMedia({
  ...common,
  composition,
  codec: 'h264',
  crf: settings.crf,
  x264Preset: settings.preset,
  colorSpace: 'bt709',
  audioCodec: 'aac',
  audioBitrate: `${settings.audio_kbps}k`,
  concurrency: settings.concurrency,
  outputLocation: settings.output,
});
