"""Pictures, text and captions over the frame of each output.

They come after the frame is scaled and toned, so that each is scaled once, and before frames are
numbered anew: times are the job's, so no chunk shows a seam. What a user wrote is only ever in
files; filters hold numbers of ours and the names of those files.
"""

import math
import threading
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from functions.shared.assets import fetch_assets, read_cues
from functions.shared.brightness import dimmed, dimmed_ass
from functions.shared.caption_history import burning
from functions.shared.cut import Cut, input_count
from functions.shared.fonts import FACES, Letters, fonts_folder, wrapped
from functions.shared.parts import Store
from functions.shared.plan import Plan
from functions.shared.plan.overlay import ImageOverlay, Overlays, TextOverlay
from functions.shared.request.overlay import Placed, Position

Size = tuple[int, int]
"""(width, height) in pixels."""
_ANCHORS: dict[Position, tuple[float, float]] = {
    "top-left": (0, 0),
    "top": (0.5, 0),
    "top-right": (1, 0),
    "left": (0, 0.5),
    "center": (0.5, 0.5),
    "right": (1, 0.5),
    "bottom-left": (0, 1),
    "bottom": (0.5, 1),
    "bottom-right": (1, 1),
}
"""How far to the right, and down, of the thing itself its position is."""
_ALIGN = {0: "left", 0.5: "center", 1: "right"}


@dataclass(frozen=True)
class Layers:
    """A job's overlays on this worker's disk."""

    plan: Plan
    folder: Path
    """Holds the assets, and the texts as they are written for each output."""
    files: dict[str, Path]
    """Assets by their keys."""

    @property
    def is_empty(self) -> bool:
        return self.plan.overlays == Overlays()

    def inputs(self) -> list[str]:
        """ffmpeg's options to read the pictures; they come after the inputs of the cut."""
        options = []
        for image in self.plan.overlays.images:
            options += ["-protocol_whitelist", "file", "-f", image.demuxer]
            options += ["-i", str(self.files[image.asset.key])]
        return options

    def over(
        self,
        chain: str,
        cut: Cut,
        size: Size,
        pixel_format: str,
        tag: str,
        *,
        white: float = 1.0,
    ) -> str:
        """The graph `chain`, whose end is open, with all overlays on it; its end is open again.

        `tag` is letters and digits, another for each output. `white` is how much of the signal
        white is: less than all of it in HDR.
        """
        laid, first_input = self.plan.overlays, input_count(self.plan, cut)
        for i, image in enumerate(laid.images):
            below, picture = f"{tag}below{i}", f"{tag}picture{i}"
            source = f"[{first_input + i}:0]{self._picture(image, size, cut, white)}[{picture}]"
            onto = self._onto(image, size, pixel_format)
            chain = f"{chain},format={pixel_format}[{below}];{source};[{below}][{picture}]{onto}"
        for i, text in enumerate(laid.texts):
            chain = f"{chain},{self._text(text, size, i, white)}"
        if laid.burnt is not None:
            file, fonts = self.files[laid.burnt.ass.key], fonts_folder()
            if white < 1:
                file = self._written("dimmed", dimmed_ass(file.read_text("utf-8"), white))
            alpha = int(pixel_format.startswith("yuva"))
            drawn = f"ass=filename={escaped(file)}:fontsdir={escaped(fonts)}:alpha={alpha}"
            cues = read_cues(self.files[laid.burnt.cues.key].read_text())
            rate = self.plan.video.rate
            chain = f"{chain},{burning(drawn, cues, cut.start_frame, rate, f'{tag}captions')}"
        return chain

    def _picture(self, image: ImageOverlay, size: Size, cut: Cut, white: float) -> str:
        asked = image.asked
        width, height = picture_size(image, size)
        chain = f"format=rgba,scale={width}:{height}"
        if asked.opacity < 1 or white < 1:
            scaled = "".join(f":{part}={white:g}" for part in ("rr", "gg", "bb") if white < 1)
            chain += f",colorchannelmixer=aa={asked.opacity:.6f}{scaled}"
        if asked.fade_s:
            rate = self.plan.video.rate
            # A frame for each of the video's, or the fade would have one only.
            chain += (
                f",loop=loop=-1:size=1,settb={rate.denominator}/{rate.numerator},setpts=N+{cut.start_frame}"
                f",fade=t=in:st={asked.from_s:.6f}:d={asked.fade_s:.6f}:alpha=1"
            )
            if asked.to_s is not None:
                begin_s = asked.to_s - asked.fade_s
                chain += f",fade=t=out:st={begin_s:.6f}:d={asked.fade_s:.6f}:alpha=1"
        return chain

    def _onto(self, image: ImageOverlay, size: Size, pixel_format: str) -> str:
        width, height = picture_size(image, size)
        x, y = (
            round(at - anchor * length)
            for at, anchor, length in zip(
                _anchor_at(image.asked, image.asked.position, size),
                _ANCHORS[image.asked.position],
                (width, height),
                strict=True,
            )
        )
        ends = "1" if image.asked.fade_s else "0"
        form = _overlay_format(pixel_format)
        shown = self._shown(image.asked)
        return f"overlay=x={x}:y={y}:eval=init:format={form}:shortest={ends}{shown}"

    def _text(self, text: TextOverlay, size: Size, number: int, white: float) -> str:
        asked = text.asked
        height = max(1, round(size[1] * asked.size_percent / 100))
        face = fonts_folder() / FACES[asked.font].file
        pad = round(height * asked.box.padding_percent / 100) if asked.box else 0
        most = max(1.0, size[0] * asked.max_width_percent / 100 - 2 * pad)
        letters, spacing = Letters(face), round(height * asked.line_spacing_percent / 100)
        lines = wrapped(text.text, letters, most / height)
        # drawtext leaves the spacing out of its own text_h, and of the box.
        spaces = (len(lines) - 1) * spacing
        tall = len(lines) * letters.line_pixels(height) + spaces
        file = self._written(f"text-{number}-{size[0]}x{size[1]}", "\n".join(lines))
        across, down = _ANCHORS[asked.position]
        x, y = _anchor_at(asked, asked.position, size)
        options = [
            f"drawtext=textfile={escaped(file)}",
            f"fontfile={escaped(face)}",
            "expansion=none",
            f"fontsize={height}",
            f"fontcolor={_color(asked.color, white)}",
            "y_align=font",
            f"text_align={asked.align or _ALIGN[across]}",
            f"line_spacing={spacing}",
            f"x={x + pad - 2 * pad * across:.3f}-text_w*{across}",
            f"y={y + pad - (tall + 2 * pad) * down:.3f}",
        ]
        if asked.box is not None:
            around = f"{pad}|{pad}|{pad + spaces}|{pad}"
            options += [
                "box=1",
                f"boxcolor={_color(asked.box.color, white)}",
                f"boxborderw={around}",
            ]
        if asked.outline is not None:
            width = round(height * asked.outline.width_percent / 100)
            options += [f"borderw={width}", f"bordercolor={_color(asked.outline.color, white)}"]
        if asked.fade_s or asked.opacity < 1:
            options.append(f"alpha='{_alpha(asked)}'")
        return ":".join(options) + self._shown(asked)

    def _written(self, name: str, text: str) -> Path:
        """A file that is there whole, though another thread may be writing it, too."""
        file, unfinished = self.folder / name, self.folder / f"{name}.{threading.get_ident()}"
        unfinished.write_text(text, encoding="utf-8")
        return unfinished.replace(file)

    def _shown(self, asked: Placed) -> str:
        """Half a frame off the grid: whether a frame lies at or behind it is then no matter of
        rounding."""
        rate = self.plan.video.rate

        def edge_s(at: float) -> str:
            frame = math.ceil(Fraction(repr(at)) * rate)
            return f"{float((frame - Fraction(1, 2)) / rate):.6f}"

        parts = [f"gt(t,{edge_s(asked.from_s)})"] if asked.from_s else []
        parts += [f"lt(t,{edge_s(asked.to_s)})"] if asked.to_s is not None else []
        return f":enable='{'*'.join(parts)}'" if parts else ""


def prepare(store: Store, plan: Plan, folder: Path) -> Layers:
    """Get what the overlays need onto the disk. SourceChanged where an asset is not as planned."""
    return Layers(plan, folder, fetch_assets(store, plan.overlays.assets, folder))


def picture_size(image: ImageOverlay, size: Size) -> Size:
    """Of the picture in a frame of `size`."""
    width = max(1, round(size[0] * image.asked.width_percent / 100))
    return width, max(1, round(width * image.height / image.width))


def escaped(path: Path) -> str:
    """A path as a filter's option: once for the option, once for the graph."""
    text = str(path)
    for special in ("\\':", "\\'[],;"):
        text = "".join(f"\\{letter}" if letter in special else letter for letter in text)
    return text


def _anchor_at(asked: Placed, position: Position, size: Size) -> tuple[float, float]:
    """Where in the frame the thing's own position comes to stand."""
    margin = min(size) * asked.margin_percent / 100
    found = []
    for percent, anchor, length in zip(
        (asked.x_percent, asked.y_percent), _ANCHORS[position], size, strict=True
    ):
        inward = margin * (1 - 2 * anchor)
        found.append(length * anchor + inward if percent is None else length * percent / 100)
    return found[0], found[1]


def _alpha(asked: Placed) -> str:
    terms = [f"{asked.opacity:.6f}"]
    if asked.fade_s:
        terms.append(f"clip((t-{asked.from_s:.6f})/{asked.fade_s:.6f},0,1)")
        if asked.to_s is not None:
            terms.append(f"clip(({asked.to_s:.6f}-t)/{asked.fade_s:.6f},0,1)")
    return "*".join(terms)


def _color(text: str, white: float) -> str:
    return f"0x{dimmed(text, white).removeprefix('#')}"


def _overlay_format(pixel_format: str) -> str:
    """The overlay filter's own name for what it works in."""
    name = pixel_format.removesuffix("le").replace("yuva", "yuv").replace("yuvj", "yuv")
    if not name.startswith("yuv"):
        return "rgb"
    return name.removesuffix("p")
