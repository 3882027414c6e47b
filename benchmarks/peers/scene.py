"""The one picture that all of them make: a clip, a title that fades, a logo with alpha."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.shared.fonts import FACES, Letters, fonts_folder
from local.home import PROJECT

WIDTH, HEIGHT, FPS = 1920, 1080, 30
CRF, PRESET, AUDIO_KBPS = 23, "medium", 128
"""What a Reelwright job does by itself, asked of all of them."""

_TEXT = "Everyone draws this"
_SIZE_PERCENT = 8
_LOGO = PROJECT / "examples" / "requests" / "assets" / "logo.png"
_LOGO_PERCENT = 15
_LOGO_SIZE = (288, 144)
"""The logo is scaled before, so that nobody scales it: 15 % of the frame's width."""
_MARGIN_PERCENT = 4
_OPACITY = 0.8
_FADE_S = 0.5

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels."""


@dataclass(frozen=True)
class Scene:
    """Of `seconds`: the title is whole from 1 s after the start to 1 s before the end."""

    seconds: int
    folder: Path
    """Holds `source.mp4`, `logo.png` and `title.ttf`, and nothing else: Remotion copies it."""

    @property
    def source(self) -> Path:
        return self.folder / "source.mp4"

    @property
    def logo(self) -> Path:
        return self.folder / "logo.png"

    @property
    def font(self) -> Path:
        return self.folder / "title.ttf"

    @property
    def size(self) -> int:
        """Of the title's letters, in pixels."""
        return round(HEIGHT * _SIZE_PERCENT / 100)

    @property
    def from_s(self) -> float:
        return _FADE_S

    @property
    def to_s(self) -> float:
        return self.seconds - _FADE_S

    @property
    def logo_box(self) -> Box:
        margin = HEIGHT * _MARGIN_PERCENT / 100
        return round(WIDTH - margin - _LOGO_SIZE[0]), round(margin), *_LOGO_SIZE

    @property
    def title_box(self) -> Box:
        """The title and a letter's width around it."""
        letters = Letters(self.font)
        width = round(letters.width(_TEXT) * self.size) + 2 * self.size
        height = letters.line_pixels(self.size) + self.size
        return (WIDTH - width) // 2, (HEIGHT - height) // 2, width, height

    def request(self, source: str, logo: str) -> dict[str, Any]:
        """The job; `source` and `logo` are their addresses."""
        overlay = {
            "image": logo,
            "position": "top-right",
            "margin_percent": _MARGIN_PERCENT,
            "width_percent": _LOGO_PERCENT,
            "opacity": _OPACITY,
        }
        title = {
            "text": _TEXT,
            "font": "sans-bold",
            "size_percent": _SIZE_PERCENT,
            "from_s": self.from_s,
            "to_s": self.to_s,
            "fade_s": _FADE_S,
        }
        return {**transcode(source), "edit": {"overlays": [overlay], "texts": [title]}}

    def for_peers(self, *, by_path: bool) -> dict[str, Any]:
        """The same in values; files by their paths, or by their names in `folder`."""
        files = {"source": self.source, "logo": self.logo, "font": self.font}
        left, top, _, _ = self.logo_box
        return {
            **{name: str(file) if by_path else file.name for name, file in files.items()},
            "seconds": self.seconds,
            "width": WIDTH,
            "height": HEIGHT,
            "fps": FPS,
            "text": _TEXT,
            "size": self.size,
            "from": self.from_s,
            "to": self.to_s,
            "fade": _FADE_S,
            "line_top": (HEIGHT - Letters(self.font).line_pixels(self.size)) // 2,
            "left": left,
            "top": top,
            "opacity": _OPACITY,
        }

    def reference(self, ffmpeg: str, output: Path) -> None:
        """The picture without loss, by one ffmpeg: what the others are compared with."""
        tall = Letters(self.font).line_pixels(self.size)
        left, top, _, _ = self.logo_box
        first, last = self.from_s, self.to_s
        alpha = f"clip((t-{first})/{_FADE_S},0,1)*clip(({last}-t)/{_FADE_S},0,1)"
        graph = (
            f"[1:v]format=rgba,colorchannelmixer=aa={_OPACITY}[logo];"
            f"[0:v][logo]overlay={left}:{top},"
            f"drawtext=fontfile={self.font}:text='{_TEXT}':fontsize={self.size}:fontcolor=white"
            f":x=(w-text_w)/2:y=(h-{tall})/2:y_align=font:alpha='{alpha}'"
        )
        command = [
            *(ffmpeg, "-nostdin", "-v", "error", "-y"),
            *("-i", str(self.source), "-i", str(self.logo), "-lavfi", graph),
            *("-an", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", str(output)),
        ]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def transcode(source: str) -> dict[str, Any]:
    """A job that only encodes anew."""
    output = {
        "name": "video",
        "video": {"codec": "h264", "crf": CRF, "preset": PRESET},
        "audio": {"codec": "aac", "bitrate_kbps": AUDIO_KBPS},
    }
    return {"source": source, "render": {"outputs": [output]}}


def make_scene(ffmpeg: str, folder: Path, source: Path, seconds: int) -> Scene:
    """`source` is of `seconds` already."""
    folder.mkdir(parents=True, exist_ok=True)
    scene = Scene(seconds, folder)
    _link(source, scene.source)
    _link(fonts_folder() / FACES["sans-bold"].file, scene.font)
    scaled = f"scale={_LOGO_SIZE[0]}:{_LOGO_SIZE[1]}"
    command = [ffmpeg, "-nostdin", "-v", "error", "-y", "-i", str(_LOGO), "-vf", scaled]
    subprocess.run([*command, str(scene.logo)], check=True, stdin=subprocess.DEVNULL)
    return scene


def _link(file: Path, name: Path) -> None:
    name.unlink(missing_ok=True)
    name.hardlink_to(file.resolve())
