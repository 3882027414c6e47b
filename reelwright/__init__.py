"""Talking to a deployed Reelwright stack, on AWS or embedded."""
