"""Render a file with the Python client: `python examples/render_a_file.py VIDEO OUT.mp4 [STACK]`.

Speaks to the embedded AWS that is up (`reelwright local up`), or to a stack on AWS, once signed in
by `reelwright login --stack STACK`.
"""

import sys
from pathlib import Path

from reelwright import Client, JobRequest, OutputRequest, RenderRequest, VideoEncoding


def main() -> int:
    video, target, *stack = sys.argv[1:]
    client = Client.of_stack(stack[0]) if stack else Client.embedded()
    request = JobRequest(
        source=client.upload(Path(video)),
        render=RenderRequest(
            outputs=(OutputRequest(name="small", height=180, video=VideoEncoding(crf=26)),)
        ),
    )
    job = client.submit(request)
    for now in client.watch(job.job_id):
        print(f"{now.stage} {now.progress.fraction:.0%}")
        job = now
    if job.status != "COMPLETE":
        print(f"{job.status}: {job.error.message if job.error else 'no word why'}")
        return 1
    (made,) = job.outputs
    client.download(job, made, Path(target))
    print(f"{target}: {made.width}x{made.height}, {made.duration_s:.3f} s, {made.size_bytes} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
