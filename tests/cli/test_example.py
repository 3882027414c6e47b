"""What the documentation shows does run."""

import re
import subprocess
import sys

import av
import pytest

from local.home import PROJECT
from tests.cli.conftest import CLIP, CommandLine


def run(reelwright: CommandLine, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=reelwright.folder,
        env=reelwright.environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_example_renders_a_file(reelwright: CommandLine) -> None:
    example = PROJECT / "examples" / "render_a_file.py"
    printed = run(reelwright, str(example), str(CLIP), "small.mp4")
    assert printed.splitlines()[-1].startswith("small.mp4: 320x180, 13.0")
    with av.open(str(reelwright.folder / "small.mp4")) as opened:
        assert opened.streams.video[0].height == 180


@pytest.mark.parametrize("page", ["python-client.md"])
def test_the_python_of_a_page_runs_from_top_to_bottom(reelwright: CommandLine, page: str) -> None:
    text = (PROJECT / "docs" / page).read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    (reelwright.folder / "talk.mov").write_bytes(CLIP.read_bytes())
    script = reelwright.folder / "page.py"
    script.write_text("\n".join(blocks))
    run(reelwright, str(script))
    for name in ("talk-360p.mp4", "talk-180p.mp4"):
        assert (reelwright.folder / name).stat().st_size > 0
