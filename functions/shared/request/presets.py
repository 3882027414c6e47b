"""Outputs by name: what a preset fills where a request says nothing.

The request is stored as it was sent; presets are filled in when the job is planned.
"""

from typing import Any, Literal

PresetName = Literal[
    "web-1080p",
    "web-720p",
    "web-480p",
    "webm-1080p",
    "webm-720p",
    "hevc-1080p",
    "av1-1080p",
    "hdr-2160p",
    "social-vertical",
    "social-portrait",
    "social-square",
    "preview",
    "gif-preview",
    "archive",
    "editing",
]

_WEB = {"container": "mp4", "fit": "inside", "video": {"codec": "h264", "crf": 23}}
_SOCIAL = {
    "container": "mp4",
    "fit": "fill",
    "video": {"codec": "h264", "crf": 21, "preset": "slow"},
    "audio": {"codec": "aac", "bitrate_kbps": 160},
}

PRESETS: dict[PresetName, dict[str, Any]] = {
    "web-1080p": {**_WEB, "width": 1920, "height": 1080},
    "web-720p": {**_WEB, "width": 1280, "height": 720},
    "web-480p": {**_WEB, "width": 854, "height": 480},
    "webm-1080p": {
        "container": "webm",
        "width": 1920,
        "height": 1080,
        "fit": "inside",
        "video": {"codec": "vp9", "crf": 32},
    },
    "webm-720p": {
        "container": "webm",
        "width": 1280,
        "height": 720,
        "fit": "inside",
        "video": {"codec": "vp9", "crf": 33},
    },
    "hevc-1080p": {
        "container": "mp4",
        "width": 1920,
        "height": 1080,
        "fit": "inside",
        "video": {"codec": "hevc", "crf": 24},
    },
    "av1-1080p": {
        "container": "mp4",
        "width": 1920,
        "height": 1080,
        "fit": "inside",
        "video": {"codec": "av1", "crf": 32},
    },
    "hdr-2160p": {
        "container": "mp4",
        "width": 3840,
        "height": 2160,
        "fit": "inside",
        "video": {"codec": "hevc", "crf": 22, "pixel_format": "yuv420p10"},
        "audio": {"codec": "aac", "bitrate_kbps": 192},
    },
    "social-vertical": {**_SOCIAL, "width": 1080, "height": 1920},
    "social-portrait": {**_SOCIAL, "width": 1080, "height": 1350},
    "social-square": {**_SOCIAL, "width": 1080, "height": 1080},
    "preview": {
        "container": "mp4",
        "width": 640,
        "height": 360,
        "fit": "inside",
        "video": {"codec": "h264", "crf": 30, "preset": "veryfast"},
        "audio": {"codec": "aac", "bitrate_kbps": 64},
    },
    "gif-preview": {"container": "gif", "width": 480, "fps": 12},
    "archive": {
        "container": "mkv",
        "video": {"codec": "hevc", "crf": 18, "preset": "slow"},
        "audio": {"codec": "flac"},
    },
    "editing": {
        "container": "mov",
        "video": {"codec": "prores", "profile": "hq"},
        "audio": {"codec": "pcm"},
    },
}

_SIZE = ("width", "height", "fit")
_RATE = ("crf", "bitrate_kbps", "lossless")


def filled(preset: PresetName, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of an output: those given, and those of the preset that agree with them.

    A size, a codec or a rate of one's own replaces all that the preset says of it; a container of
    one's own brings its own codecs.
    """
    fields = dict(PRESETS[preset])
    video, sound = dict(fields.pop("video", {})), fields.pop("audio", None)
    if "width" in given or "height" in given:
        fields = {name: value for name, value in fields.items() if name not in _SIZE}
    asked = given.get("video") or {}
    if given.get("container", fields.get("container")) != fields.get("container"):
        video, sound = {}, None
    if asked.get("codec", video.get("codec")) != video.get("codec"):
        video = {}
    if any(name in asked for name in _RATE):
        video = {name: value for name, value in video.items() if name not in _RATE}
    merged = {**fields, **given}
    if video or asked:
        merged["video"] = {**video, **asked}
    if sound is not None and given.get("audio", {}) is not None:
        merged["audio"] = given.get("audio") or sound
    return merged
