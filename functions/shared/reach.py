"""What functions reach: in a VPC they may have no way to the internet."""

NO_WEB = "https: none"
"""Among the buckets that are readable, where the web is not; no bucket is called so."""
