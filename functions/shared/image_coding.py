"""How picture files are encoded: by format and quality."""

from dataclasses import dataclass

from functions.shared.plan import ImageFormat

CONTENT_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
}
_USUAL_QUALITY = {"jpeg": 90, "webp": 80, "avif": 65}
_HALF = 50
_FULL = 100
_AV1_CRF = 63
_MJPEG_WORST = 31


@dataclass(frozen=True)
class ImageCoding:
    """A format, and how well."""

    format: ImageFormat
    quality: int | None = None
    """1 to 100; None: the format's usual."""
    lossless: bool = False
    """Of webp."""


def pixel_filters(wanted: ImageCoding) -> str:
    """What follows `scale=width:height`: the samples that the format's readers expect.

    JPEG means full range and BT.601 to every viewer, lossy WebP BT.601 as television has it, AVIF
    says what it has, PNG and lossless WebP mean RGB.
    """
    if wanted.format == "png":
        return ",format=rgb24"
    if wanted.lossless:
        return ",format=bgra"
    if wanted.format == "jpeg":
        return ":out_range=full:out_color_matrix=bt601,format=yuvj420p"
    matrix = "bt709" if wanted.format == "avif" else "bt601"
    return f":out_range=tv:out_color_matrix={matrix},format=yuv420p"


def encoder(wanted: ImageCoding) -> list[str]:
    """ffmpeg's output options."""
    quality = wanted.quality or _USUAL_QUALITY.get(wanted.format, 0)
    one = ["-threads", "1"]
    still = ["-update", "1", "-f", "image2"]
    match wanted.format:
        case "png":
            return ["-c:v", "png", *one, *still]
        case "jpeg":
            return ["-c:v", "mjpeg", "-qmin", "1", "-q:v", str(mjpeg_q(quality)), *one, *still]
        case "webp":
            how = ["-lossless", "1"] if wanted.lossless else ["-quality", str(quality)]
            return ["-c:v", "libwebp", *how, *one, "-f", "webp"]
        case "avif":
            crf = str(round((_FULL - quality) * _AV1_CRF / _FULL))
            speed = ["-usage", "allintra", "-cpu-used", "6", "-still-picture", "1"]
            return ["-c:v", "libaom-av1", *speed, "-crf", crf, "-b:v", "0", *one, "-f", "avif"]


def mjpeg_q(quality: int) -> int:
    """libjpeg's scale of its tables for a quality, as FFmpeg's quantizer: its tables at 16 are
    about as coarse as libjpeg's at quality 50."""
    scale = 2 * (_FULL - quality) / _FULL if quality >= _HALF else _HALF / quality
    return min(_MJPEG_WORST, max(1, round(16 * scale)))
