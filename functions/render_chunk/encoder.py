"""How a chunk's pictures are encoded so that chunks can follow each other in one file."""

from functions.shared.cut import clean_options
from functions.shared.plan import Output, Plan


def encoder_options(plan: Plan, output: Output) -> list[str]:
    """`stitchable` keeps every chunk's headers equal; closed GOPs let them follow each other."""
    return [
        *clean_options(),
        *("-fps_mode", "passthrough", "-threads", str(plan.threads)),
        *("-c:v", "libx264", "-preset", output.preset, "-crf", str(output.crf)),
        *("-x264-params", f"keyint={output.keyint}:open-gop=0:stitchable=1"),
        *("-video_track_timescale", str(plan.video.timescale)),
        *("-movflags", "+faststart", "-f", "mp4"),
    ]
