"""Run by MoviePy's own environment, on a settings file: renders the clip once.

As its documentation has it: ffmpeg's own number of threads, which is all cores.
"""

import json
import sys
from pathlib import Path

from moviepy import (  # type: ignore[import-not-found]
    CompositeVideoClip,
    ImageClip,
    TextClip,
    VideoFileClip,
)
from moviepy.video.fx import CrossFadeIn, CrossFadeOut  # type: ignore[import-not-found]

settings = json.loads(Path(sys.argv[1]).read_text("utf-8"))
scene = settings["scene"]
video = VideoFileClip(scene["source"]).subclipped(0, scene["seconds"])
logo = (
    ImageClip(scene["logo"])
    .with_duration(scene["seconds"])
    .with_opacity(scene["opacity"])
    .with_position((scene["left"], scene["top"]))
)
# It makes the text's picture too low for letters with a tail, so there is room below, and the
# line's top is told instead of the middle.
title = (
    TextClip(
        font=scene["font"],
        text=scene["text"],
        font_size=scene["size"],
        color="white",
        margin=(0, 0, 0, scene["size"]),
    )
    .with_start(scene["from"])
    .with_duration(scene["to"] - scene["from"])
    .with_effects([CrossFadeIn(scene["fade"]), CrossFadeOut(scene["fade"])])
    .with_position(("center", scene["line_top"]))
)
CompositeVideoClip([video, logo, title]).write_videofile(
    settings["output"],
    fps=scene["fps"],
    codec="libx264",
    preset=settings["preset"],
    ffmpeg_params=["-crf", str(settings["crf"])],
    audio_codec="aac",
    audio_bitrate=f"{settings['audio_kbps']}k",
    temp_audiofile_path=str(Path(settings["output"]).parent),
    logger=None,
)
