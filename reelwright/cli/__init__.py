"""The command line, `reelwright`: a client of the API like any other (docs/cli.md)."""
