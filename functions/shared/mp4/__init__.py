"""MP4 sample tables: reading, checking and joining parts without decoding; standard library only.

`inspection` checks one part, `stitch` joins checked parts, `verification` checks the result.
"""
