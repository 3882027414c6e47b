import {Video} from '@remotion/media';
import {useEffect, useState} from 'react';
import {
  AbsoluteFill,
  Composition,
  Img,
  interpolate,
  registerRoot,
  staticFile,
  useCurrentFrame,
  useDelayRender,
  useVideoConfig,
} from 'remotion';

const FAMILY = 'Title';

const useFont = (file) => {
  const {delayRender, continueRender, cancelRender} = useDelayRender();
  const [handle] = useState(() => delayRender('the font'));
  useEffect(() => {
    const face = new FontFace(FAMILY, `url('${staticFile(file)}')`);
    face
      .load()
      .then(() => document.fonts.add(face))
      .then(() => continueRender(handle))
      .catch((error) => cancelRender(error));
  }, [file, handle, continueRender, cancelRender]);
};

const Title = ({text, size, from, to, fade}) => {
  const {fps} = useVideoConfig();
  const opacity = interpolate(useCurrentFrame() / fps, [from, from + fade, to - fade, to], [0, 1, 1, 0], {
    extrapolateLeft: 'clamp',
    extrapolateRight: 'clamp',
  });
  return (
    <AbsoluteFill style={{justifyContent: 'center', alignItems: 'center', opacity}}>
      <div style={{fontFamily: FAMILY, fontSize: size, lineHeight: 'normal', whiteSpace: 'nowrap', color: 'white'}}>
        {text}
      </div>
    </AbsoluteFill>
  );
};

const Clip = (scene) => {
  useFont(scene.font);
  return (
    <AbsoluteFill style={{backgroundColor: 'black'}}>
      <Video
        src={staticFile(scene.source)}
        style={{width: '100%', height: '100%'}}
        disallowFallbackToOffthreadVideo
      />
      <Img
        src={staticFile(scene.logo)}
        style={{position: 'absolute', left: scene.left, top: scene.top, opacity: scene.opacity}}
      />
      <Title {...scene} />
    </AbsoluteFill>
  );
};

const measures = ({props}) => ({
  durationInFrames: Math.round(props.seconds * props.fps),
  fps: props.fps,
  width: props.width,
  height: props.height,
});

registerRoot(() => <Composition id="clip" component={Clip} calculateMetadata={measures} />);
