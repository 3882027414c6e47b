"""The functions of the stack, each in a folder of its own, and what they share."""

import gc
import os

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # What a start imports stays: to look through it for garbage, again and again, is a tenth of
    # the start. `runtime.logged` sets it aside for good and turns collecting on again.
    gc.disable()
