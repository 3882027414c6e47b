// Plays a stream whose frame n shows n (a bar for each bit), and posts what was seen.
'use strict';

const wanted = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const errors = [];
const buffers = {};
const video = document.createElement('video');
const canvas = document.createElement('canvas');
const paint = canvas.getContext('2d', { willReadFrequently: true });
video.muted = true;
canvas.width = 20 * wanted.bits;
canvas.height = 8;
window.onerror = (message) => errors.push(`script: ${message}`);
window.onunhandledrejection = (event) => errors.push(`promise: ${event.reason}`);
video.onerror = () => errors.push(`video: ${video.error.message}`);

// What each source buffer holds is more than `video.buffered`, which is what all of them have.
const addSourceBuffer = MediaSource.prototype.addSourceBuffer;
MediaSource.prototype.addSourceBuffer = function (type) {
  const added = addSourceBuffer.call(this, type);
  buffers[type.split('/')[0]] = added;
  return added;
};

function ranges(buffered) {
  return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
}

function shown() {
  paint.drawImage(video, 0, 0, canvas.width, canvas.height);
  const { data } = paint.getImageData(0, 4, canvas.width, 1);
  let number = 0;
  for (let bit = 0; bit < wanted.bits; bit += 1) {
    if (data[4 * (20 * bit + 10)] > 115) number += 2 ** bit;
  }
  return number;
}

async function seek(time) {
  const done = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
  video.currentTime = time;
  await within(`a seek to ${time}`, done);
}

async function showFrame(frame) {
  await seek((frame + 0.5) / wanted.rate);
  try {
    await until(`frame ${frame}`, () => video.readyState >= 2 && shown() === frame, 3000);
  } catch {
    // What is there instead is reported.
  }
  return { frame, shown: shown(), time: video.currentTime };
}

async function playAcross(seam) {
  const frames = [];
  let watching = true;
  const watch = (_, { mediaTime }) => {
    frames.push([mediaTime, shown()]);
    if (watching) video.requestVideoFrameCallback(watch);
  };
  await seek(Math.max(0, seam - wanted.around) / wanted.rate);
  video.requestVideoFrameCallback(watch);
  await within('playing', video.play());
  await until(`playing past ${seam}`, () => video.currentTime > (seam + wanted.around) / wanted.rate);
  video.pause();
  watching = false;
  return { seam, frames };
}

async function playToTheEnd() {
  const ended = new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }));
  await seek(video.duration - 0.5);
  await within('playing', video.play());
  await within('the end', ended);
  return video.currentTime;
}

// A picture that was decoded stays until another is asked for.
async function showRung(player, height) {
  await player.choose(height);
  for (let times = 0; times < 20 && video.videoHeight !== height; times += 1) {
    await seek((times % 2) / wanted.rate);
    await until('a picture', () => video.readyState >= 2);
  }
  if (video.videoHeight !== height) throw new Error(`${height} lines were never shown`);
}

async function tryRung(player, height) {
  await showRung(player, height);
  const seeks = [];
  for (const frame of wanted.seeks) seeks.push(await showFrame(frame));
  for (const frame of [...wanted.seeks].reverse()) seeks.push(await showFrame(frame));
  const played = [];
  for (const seam of wanted.seams) played.push(await playAcross(seam));
  const whole = wanted.frames / wanted.rate;
  await seek(0);
  await until('the whole in the buffer', () => {
    const held = ranges(video.buffered);
    return held.length === 1 && held[0][1] > whole - 1 / wanted.rate;
  }).catch((error) => errors.push(String(error)));
  const held = Object.entries(buffers).map(([kind, buffer]) => [kind, ranges(buffer.buffered)]);
  return { height, seeks, played, held: Object.fromEntries(held) };
}

async function run() {
  document.body.append(video);
  const player = players[wanted.player](video, wanted.address, (text) => errors.push(text));
  await player.open();
  await until('metadata', () => video.readyState >= 1);
  const heights = player.rungs();
  const rungs = [];
  for (const height of heights) rungs.push(await tryRung(player, height));
  const ended = await playToTheEnd();
  const { duration } = video;
  await player.close();
  return { heights, duration, ended, rungs };
}

run()
  .catch((error) => {
    errors.push(String(error));
    const { videoHeight, readyState, currentTime } = video;
    const c = window.hls; const sc = c.streamController; const st = (x)=>({state:x.state, ended: c.streamController.fragmentTracker.isEndListAppended(x.playlistType), lct:x.lastCurrentTime, loaded: x.loadedmetadata, sfr:x.startFragRequested, buffering:x.buffering, timer: x._tickTimer, nlp:x.nextLoadPosition, bi: JSON.stringify(x.getFwdBufferInfo?.(x.mediaBuffer||video, x.playlistType))}); const tc=[sc._tickCallCount, sc.altAudio, sc.audioOnly, typeof sc.tick, c.nextLoadLevel, c.loadLevel, sc.levelLastLoaded===null, sc.levels?.length, c.bufferingEnabled, c.pauseBuffering+""]; const n0=window.hlslog.length; let threw=null; try { sc.doTick(); } catch(e) { threw=String(e.stack); } const after=window.hlslog.slice(n0); return { tc, threw, after, st: [c.hasEnoughToStart, st(sc), st(c.audioStreamController||c.networkControllers?.find(n=>n.playlistType==="audio")||sc)], log: window.hlslog, videoHeight, readyState, currentTime, buffered: ranges(video.buffered) };
  })
  .then((seen) => fetch('/report', { method: 'POST', body: JSON.stringify({ ...seen, errors }) }));
