"""With which options a source is opened by the processes that demux it."""

from functions.plan_render.source.facts import Limits
from functions.shared.ffmpeg import AUDIO_FORMATS, PROTOCOLS, VIDEO_FORMATS

TIMEOUTS_S = (20, 20)
"""To open, and to read on."""


def open_options(certificates: str, limits: Limits) -> dict[str, str]:
    """Only over the network, only media, only as many streams as are allowed."""
    secure = {"ca_file": certificates, "tls_verify": "1"} if certificates else {}
    return {
        "protocol_whitelist": ",".join(PROTOCOLS),
        "format_whitelist": ",".join((*VIDEO_FORMATS, *AUDIO_FORMATS)),
        "reconnect": "1",
        "reconnect_on_network_error": "1",
        "reconnect_on_http_error": "5xx",
        "reconnect_delay_max": "5",
        "max_redirects": "0",
        # One more than is allowed, and FFmpeg stops: as if it had no memory.
        "max_streams": str(limits.streams + 1),
        "rw_timeout": "20000000",
        **secure,
    }
