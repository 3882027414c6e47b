// Plays a stream whose frame n shows n (a bar for each bit), and posts what was seen.
'use strict';

const wanted = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const errors = [];
let video;
let buffers;
const canvas = document.createElement('canvas');
const paint = canvas.getContext('2d', { willReadFrequently: true });
canvas.width = 20 * wanted.bits;
canvas.height = 8;
window.onerror = (message) => errors.push(`script: ${message}`);
window.onunhandledrejection = (event) => errors.push(`promise: ${event.reason}`);

// What each source buffer holds is more than `video.buffered`, which is what all of them have.
const { addSourceBuffer } = MediaSource.prototype;
MediaSource.prototype.addSourceBuffer = function add(type) {
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

// Each new picture from a frame on, until there is enough: its time, the number it shows, its height.
async function watch(from, enough, meanwhile = () => {}) {
  const frames = [];
  let watching = true;
  const look = (_, { mediaTime, height }) => {
    if (!watching) return;
    frames.push([mediaTime, shown(), height]);
    video.requestVideoFrameCallback(look);
  };
  await seek(Math.max(0, from) / wanted.rate);
  video.requestVideoFrameCallback(look);
  await within('playing', video.play());
  meanwhile();
  await until(`playing from ${from}`, () => enough(frames), 10000, () => {
    const { currentTime, readyState, paused, buffered, videoHeight } = video;
    const last = frames.slice(-3);
    return JSON.stringify([currentTime, readyState, paused, videoHeight, ranges(buffered), last]);
  });
  watching = false;
  video.pause();
  return frames;
}

async function wholeBuffer() {
  const whole = wanted.frames / wanted.rate;
  await until('the whole in one buffer', () => {
    const held = ranges(video.buffered);
    return held.length === 1 && held[0][1] > whole - 1 / wanted.rate;
  });
  return Object.fromEntries(
    Object.entries(buffers).map(([kind, buffer]) => [kind, ranges(buffer.buffered)]),
  );
}

// The event `ended` is not waited for: dash.js may seek on, again and again, at the very end.
async function playToTheEnd() {
  await seek(video.duration - 0.5);
  await within('playing', video.play());
  await until('the end', () => video.currentTime >= video.duration - 0.5 / wanted.rate);
  return video.currentTime;
}

async function withPlayer(rung, aheadS, act) {
  buffers = {};
  video = document.createElement('video');
  video.muted = true;
  video.onerror = () => errors.push(`video: ${video.error.message}`);
  document.body.append(video);
  const failed = (text) => errors.push(text);
  const player = players[wanted.player](video, wanted.address, aheadS, failed);
  try {
    const rungs = await player.open(rung);
    await until('the first pictures', () => video.readyState >= 3);
    // A picture that was decoded stays until another is asked for.
    for (let time = 1; rung && video.videoHeight !== rung; time += 1) {
      if (time > 20) throw new Error(`${rung} lines were never shown`);
      await seek((time % 2) / wanted.rate);
      await until('a picture', () => video.readyState >= 2);
    }
    return await act(rungs, player);
  } finally {
    player.close();
    video.remove();
  }
}

function tryRung(rung) {
  return withPlayer(rung, wanted.frames / wanted.rate, async () => {
    const seeks = [];
    for (const frame of wanted.seeks) seeks.push(await showFrame(frame));
    for (const frame of [...wanted.seeks].reverse()) seeks.push(await showFrame(frame));
    const played = [];
    for (const seam of wanted.seams) {
      const end = (seam + wanted.around) / wanted.rate;
      const frames = await watch(seam - wanted.around, () => video.currentTime > end);
      played.push({ seam, frames });
    }
    const { videoHeight, duration } = video;
    return {
      height: rung,
      videoHeight,
      seeks,
      played,
      duration,
      held: await wholeBuffer(),
      ended: await playToTheEnd(),
    };
  });
}

function trySwitch(from, to) {
  const turned = (frames) => frames.filter(([, , height]) => height === to).length > 5;
  return withPlayer(from, 2, (_, player) => watch(0, turned, () => player.turnTo(to)));
}

function readCaptions() {
  return withPlayer(null, 5, async (_, player) => {
    player.showCaptions();
    await seek(1.5);
    const cues = () => [...video.textTracks].flatMap((track) => [...(track.activeCues ?? [])]);
    await until('a caption', () => cues().length > 0);
    return cues().map((cue) => cue.text);
  });
}

async function run() {
  const listed = await withPlayer(null, 1, async (all) => all);
  const rungs = [];
  for (const rung of listed) rungs.push(await tryRung(rung));
  const switched = await trySwitch(listed[listed.length - 1], listed[0]);
  return { heights: listed, rungs, switched, said: await readCaptions() };
}

run()
  .catch((error) => {
    errors.push(String(error));
    return {};
  })
  .then((seen) => fetch('/report', { method: 'POST', body: JSON.stringify({ ...seen, errors }) }));
