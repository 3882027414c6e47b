"""What is linked into ffmpeg and ships beside PyAV: facts that no package's metadata tells.

Licences are SPDX expressions, each as the library's own project states it; ffmpeg's LICENSE.md
names those that make a build GPL. A library that is not here stops `make sbom`, by name.
"""

from typing import NamedTuple


class Linked(NamedTuple):
    name: str
    license: str


FFMPEG = Linked("ffmpeg", "GPL-3.0-or-later")
"""By `--enable-gpl --enable-version3`; some libraries below ask for each."""
FFMPEG_SOURCES = (
    "https://git.ffmpeg.org/ffmpeg.git",
    "https://github.com/BtbN/FFmpeg-Builds",
    "https://github.com/imageio/imageio-binaries",
)
"""ffmpeg's own, the scripts that name each linked library's source, and where the build is from."""
PYAV_SOURCES = ("https://github.com/PyAV-Org/pyav-ffmpeg",)
"""The scripts that build what is beside PyAV, and name the sources."""

SWITCHES = {"gpl", "version3"}
"""Of ffmpeg's configuration: they choose a licence, and link nothing."""

_APACHE = "Apache-2.0"
_BSD2 = "BSD-2-Clause"
_BSD3 = "BSD-3-Clause"
_CLEAR = "BSD-3-Clause-Clear"
_GPL2 = "GPL-2.0-or-later"
_LGPL2 = "LGPL-2.0-or-later"
_LGPL21 = "LGPL-2.1-or-later"
_LGPL3_OR_GPL2 = "LGPL-3.0-or-later OR GPL-2.0-or-later"

IN_FFMPEG = {
    "amf": Linked("AMF headers", "MIT"),
    "avisynth": Linked("AviSynth+ headers", _GPL2),
    "chromaprint": Linked("Chromaprint", _LGPL21),
    "cuda-llvm": Linked("ffmpeg's CUDA filters", _LGPL21),
    "ffnvcodec": Linked("nv-codec-headers", "MIT"),
    "fontconfig": Linked("Fontconfig", "HPND"),
    "frei0r": Linked("frei0r headers", _GPL2),
    "gmp": Linked("GMP", _LGPL3_OR_GPL2),
    "iconv": Linked("libiconv", _LGPL21),
    "libaom": Linked("libaom", _BSD2),
    "libaribb24": Linked("aribb24", "LGPL-3.0-or-later"),
    "libaribcaption": Linked("libaribcaption", "MIT"),
    "libass": Linked("libass", "ISC"),
    "libbluray": Linked("libbluray", _LGPL21),
    "libdav1d": Linked("dav1d", _BSD2),
    "libdavs2": Linked("davs2", _GPL2),
    "libdrm": Linked("libdrm", "MIT"),
    "libdvdnav": Linked("libdvdnav", _GPL2),
    "libdvdread": Linked("libdvdread", _GPL2),
    "libfreetype": Linked("FreeType", "FTL OR GPL-2.0-or-later"),
    "libfribidi": Linked("FriBidi", _LGPL21),
    "libgme": Linked("Game Music Emu", _LGPL21),
    "libharfbuzz": Linked("HarfBuzz", "MIT-Modern-Variant"),
    "libjxl": Linked("libjxl", _BSD3),
    "libkvazaar": Linked("Kvazaar", _BSD3),
    "liblcevc-dec": Linked("LCEVCdec", _CLEAR),
    "libmp3lame": Linked("LAME", _LGPL2),
    "liboapv": Linked("OpenAPV", _BSD3),
    "libopencore-amrnb": Linked("OpenCORE AMR", _APACHE),
    "libopencore-amrwb": Linked("OpenCORE AMR", _APACHE),
    "libopenh264": Linked("OpenH264", _BSD2),
    "libopenjpeg": Linked("OpenJPEG", _BSD2),
    "libopenmpt": Linked("libopenmpt", _BSD3),
    "libopus": Linked("Opus", _BSD3),
    "libplacebo": Linked("libplacebo", _LGPL21),
    "libpulse": Linked("PulseAudio client", _LGPL21),
    "librav1e": Linked("rav1e", _BSD2),
    "librist": Linked("librist", _BSD2),
    "librsvg": Linked("librsvg", _LGPL21),
    "librubberband": Linked("Rubber Band", _GPL2),
    "libsnappy": Linked("Snappy", _BSD3),
    "libsoxr": Linked("SoX Resampler", _LGPL21),
    "libsrt": Linked("SRT", "MPL-2.0"),
    "libssh": Linked("libssh", _LGPL21),
    "libsvtav1": Linked("SVT-AV1", _CLEAR),
    "libtheora": Linked("Theora", _BSD3),
    "libtwolame": Linked("TwoLAME", _LGPL21),
    "libuavs3d": Linked("uavs3d", _BSD3),
    "libvidstab": Linked("vid.stab", _GPL2),
    "libvmaf": Linked("libvmaf", "BSD-2-Clause-Patent"),
    "libvorbis": Linked("Vorbis", _BSD3),
    "libvpl": Linked("oneVPL", "MIT"),
    "libvpx": Linked("libvpx", _BSD3),
    "libvvenc": Linked("VVenC", _CLEAR),
    "libwebp": Linked("libwebp", _BSD3),
    "libx264": Linked("x264", _GPL2),
    "libx265": Linked("x265", _GPL2),
    "libxavs2": Linked("xavs2", _GPL2),
    "libxcb": Linked("libxcb", "MIT"),
    "libxml2": Linked("libxml2", "MIT"),
    "libxvid": Linked("Xvid", _GPL2),
    "libzimg": Linked("zimg", "WTFPL"),
    "libzmq": Linked("ZeroMQ", "MPL-2.0"),
    "libzvbi": Linked("ZVBI", _LGPL2),
    "lv2": Linked("LV2", "ISC"),
    "lzma": Linked("liblzma", "0BSD"),
    "openal": Linked("OpenAL Soft", _LGPL2),
    "opencl": Linked("OpenCL ICD loader", _APACHE),
    "openssl": Linked("OpenSSL", _APACHE),
    "sdl2": Linked("SDL", "Zlib"),
    "vaapi": Linked("libva", "MIT"),
    "vulkan": Linked("Vulkan loader", _APACHE),
    "xlib": Linked("libX11", "MIT"),
    "zlib": Linked("zlib", "Zlib"),
}
"""By their switch in ffmpeg's configuration."""

_PYAV_FFMPEG = ("avcodec", "avdevice", "avfilter", "avformat", "avutil", "swresample", "swscale")
_XCB = ("libxcb", "libxcb-shape", "libxcb-shm", "libxcb-xfixes")
BESIDE_PYAV = {
    **{f"lib{part}": Linked(f"ffmpeg, lib{part}", FFMPEG.license) for part in _PYAV_FFMPEG},
    **{library: Linked("libxcb", "MIT") for library in _XCB},
    "libSvtAv1Enc": IN_FFMPEG["libsvtav1"],
    "libXau": Linked("libXau", "MIT"),
    "libasound": Linked("ALSA library", _LGPL21),
    "libdav1d": IN_FFMPEG["libdav1d"],
    "libdrm": IN_FFMPEG["libdrm"],
    "libgmp": IN_FFMPEG["gmp"],
    "libgnutls": Linked("GnuTLS", _LGPL21),
    "libhogweed": Linked("Nettle", _LGPL3_OR_GPL2),
    "libmp3lame": IN_FFMPEG["libmp3lame"],
    "libnettle": Linked("Nettle", _LGPL3_OR_GPL2),
    "libopencore-amrnb": IN_FFMPEG["libopencore-amrnb"],
    "libopencore-amrwb": IN_FFMPEG["libopencore-amrwb"],
    "libopus": IN_FFMPEG["libopus"],
    "libsharpyuv": IN_FFMPEG["libwebp"],
    "libunistring": Linked("libunistring", _LGPL3_OR_GPL2),
    "libvpl": IN_FFMPEG["libvpl"],
    "libvpx": IN_FFMPEG["libvpx"],
    "libwebp": IN_FFMPEG["libwebp"],
    "libwebpmux": IN_FFMPEG["libwebp"],
    "libx264": IN_FFMPEG["libx264"],
    "libx265": IN_FFMPEG["libx265"],
}
"""By the name of the shared library in av.libs, less the hash and the version."""
