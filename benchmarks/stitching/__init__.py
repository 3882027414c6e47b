"""What `benchmarks.stitch` is made of: parts, a store to hold them, and the process measured."""
