"""The embedded AWS: what an AWS account supplies, on one machine. Never imported by functions."""
