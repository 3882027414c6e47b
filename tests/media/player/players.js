// hls.js and dash.js behind one shape: `open` loads, `rungs` are heights, `choose` stays on one.
'use strict';

const players = {
  hls(video, address, failed) {
    const hls = window.hls = new Hls({ backBufferLength: Infinity, debug: (()=>{window.hlslog=[]; const l=(...a)=>window.hlslog.push(performance.now().toFixed(0)+" "+a.join(" ")); return {trace:l,debug:l,log:l,warn:l,info:l,error:l}})() });
    hls.on(Hls.Events.ERROR, (_, data) => failed(`${data.type}: ${data.details}`));
    return {
      async open() {
        const parsed = happens(hls, Hls.Events.MANIFEST_PARSED);
        hls.loadSource(address);
        hls.attachMedia(video);
        await within('the playlist', parsed);
      },
      rungs: () => hls.levels.map((level) => level.height),
      async choose(height) {
        const number = hls.levels.findIndex((level) => level.height === height);
        hls.currentLevel = number;
        await until(`level ${height}`, () => hls.currentLevel === number);
      },
      async close() {
        hls.destroy();
      },
    };
  },

  dash(video, address, failed) {
    const player = dashjs.MediaPlayer().create();
    const events = dashjs.MediaPlayer.events;
    player.updateSettings({
      debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE },
      streaming: { abr: { autoSwitchBitrate: { video: false, audio: false } } },
    });
    player.on(events.ERROR, (event) => failed(`${event.error.code}: ${event.error.message}`));
    player.on(events.PLAYBACK_ERROR, (event) => failed(`playback: ${JSON.stringify(event)}`));
    const listed = () => player.getRepresentationsByType('video');
    return {
      async open() {
        const ready = happens(player, events.STREAM_INITIALIZED);
        player.initialize(video, address, false);
        await within('the manifest', ready);
      },
      rungs: () => listed().map((each) => each.height),
      async choose(height) {
        const { index } = listed().find((each) => each.height === height);
        player.setRepresentationForTypeByIndex('video', index, true);
        await until(
          `representation ${height}`,
          () => player.getCurrentRepresentationForType('video')?.height === height,
        );
      },
      async close() {
        player.destroy();
      },
    };
  },
};

function happens(target, event) {
  return new Promise((resolve) => target.on(event, resolve));
}

function within(what, promise, mostMs = 10000) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${what} did not come within ${mostMs} ms`)), mostMs);
  });
  return Promise.race([promise, late]);
}

async function until(what, holds, mostMs = 10000) {
  const end = performance.now() + mostMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${mostMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
