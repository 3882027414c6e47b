// hls.js and dash.js behind one shape. A rung is its height: `open` lists them and loads one, or
// any, with so many seconds ahead; `turnTo` loads another from then on.
'use strict';

const players = {
  hls(video, address, aheadS, failed) {
    const hls = new Hls({
      autoStartLoad: false,
      backBufferLength: Infinity,
      maxBufferLength: aheadS,
      maxMaxBufferLength: aheadS,
    });
    hls.on(Hls.Events.ERROR, (_, data) => {
      // A load given up for another rung is no failure.
      if (data.details !== Hls.ErrorDetails.INTERNAL_ABORTED) {
        failed(`${data.type}: ${data.details}`);
      }
    });
    const number = (rung) => hls.levels.findIndex((level) => level.height === rung);
    return {
      async open(rung) {
        const parsed = happens(hls, Hls.Events.MANIFEST_PARSED);
        const sounding = happens(hls, Hls.Events.AUDIO_TRACK_SWITCHED);
        hls.loadSource(address);
        hls.attachMedia(video);
        await within('the playlist', parsed);
        if (rung) hls.loadLevel = number(rung);
        hls.startLoad();
        // Until it saw its first fragment play, hls.js never says that the stream has an end.
        if (hls.audioTracks.length > 0) await within('the sound', sounding);
        return hls.levels.map((level) => level.height);
      },
      turnTo(rung) {
        hls.nextLevel = number(rung);
      },
      showCaptions() {
        hls.subtitleTrack = 0;
        hls.subtitleDisplay = true;
      },
      close() {
        hls.destroy();
      },
    };
  },

  dash(video, address, aheadS, failed) {
    const player = dashjs.MediaPlayer().create();
    const events = dashjs.MediaPlayer.events;
    player.updateSettings({
      debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE },
      streaming: {
        abr: { autoSwitchBitrate: { video: false, audio: false } },
        buffer: { bufferTimeDefault: aheadS, bufferTimeAtTopQuality: aheadS },
      },
    });
    player.on(events.ERROR, (event) => failed(`${event.error.code}: ${event.error.message}`));
    player.on(events.PLAYBACK_ERROR, (event) => failed(`playback: ${event.error}`));
    const listed = () => player.getRepresentationsByType('video');
    const turnTo = (rung) => {
      const { id } = listed().find(({ height }) => height === rung);
      player.setRepresentationForTypeById('video', id, true);
    };
    return {
      async open(rung) {
        const ready = happens(player, events.STREAM_INITIALIZED);
        player.initialize(video, address, false);
        await within('the manifest', ready);
        if (rung) turnTo(rung);
        return listed().map((each) => each.height);
      },
      turnTo,
      showCaptions() {
        player.enableText(true);
        player.setTextTrack(0);
      },
      close() {
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

async function until(what, holds, mostMs = 10000, state = () => '') {
  const end = performance.now() + mostMs;
  while (!holds()) {
    if (performance.now() > end) {
      throw new Error(`${what} did not come within ${mostMs} ms ${state()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
