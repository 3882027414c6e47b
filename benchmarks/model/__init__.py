"""A discrete-event model of one job on AWS, a thousand functions wide, fed with what was measured.

    PATH="build/layers/ffmpeg-x86_64/bin:$PATH" python -m benchmarks.model calibrate
    PATH="build/layers/ffmpeg-x86_64/bin:$PATH" python -m benchmarks.model validate
    python -m benchmarks.model

`calibrate` runs jobs on the embedded stack and keeps what they took; `validate` predicts other jobs
on this machine, runs them, and fails beyond 15 %; the last one prints and draws what the model says
of AWS. Nothing here was run on AWS.
"""
