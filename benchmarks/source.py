"""Makes the benchmark's source: varied 1080p30 content with sound, from the bundled clip alone."""

import subprocess
from pathlib import Path

CLIP = Path(__file__).resolve().parents[1] / "examples" / "clip.mp4"
_CLIP_S = 13.0


def make_source(ffmpeg: Path, folder: Path, seconds: int, *, height: int = 1080) -> Path:
    """`seconds` of 16:9 at 30 frames a second (1080p: 8 Mbit/s), made once and kept in `folder`.

    The clip is looped; a slow pan, a changing hue and fresh film grain make every loop different,
    so that no encoder profits from the repetition.
    """
    file = folder / f"source-{height}p-{seconds}s.mp4"
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part.mp4")
    width, kbps = height * 16 // 9, 8000 * height**2 // 1080**2
    pictures = (
        f"fps=30,scale={width * 6 // 5}:{height * 6 // 5},"
        f"crop={width}:{height}:x='{width / 10}*(1+sin(t/5))':y='{height / 10}*(1+cos(t/7))',"
        "hue=h='20*sin(t/11)',noise=alls=6:allf=t,format=yuv420p"
    )
    command = [
        *(str(ffmpeg), "-nostdin", "-v", "error", "-y"),
        *("-stream_loop", str(int(seconds / _CLIP_S) + 1), "-i", str(CLIP), "-t", str(seconds)),
        *(
            "-vf",
            pictures,
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-b:v",
            f"{kbps}k",
            "-g",
            "60",
        ),
        *("-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", str(unfinished)),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return unfinished.rename(file)
