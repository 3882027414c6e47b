"""The named errors a job can end with.

The state machine matches errors by class name (Step Functions sees a Python exception's class as
the error's name), so a name here is a contract: `TransientError` is retried, `RenderTimedOut` is
retried once, every other name is final. A message is one sentence: what is wrong, where, and what
would be right.
"""


class ReelwrightError(Exception):
    """Base of all errors a user may see; never raised itself."""

    def __init__(self, message: str) -> None:
        """Names in the message come from strangers; what they hold must not break its line."""
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in message))


class TransientError(ReelwrightError):
    """A network, storage or process failure that another attempt may not meet."""


class AwsRefused(ReelwrightError):  # noqa: N818
    """A service refused a call for good: a permission, a quota or a setting of the account."""


class RenderTimedOut(ReelwrightError):  # noqa: N818 - the name is what operators read
    """A function's time ran out before its work was done; each attempt costs that time again."""


class InvalidRequest(ReelwrightError):  # noqa: N818
    """The request can never run: empty, not JSON, or not what docs/job.md describes."""


class JobIdTaken(ReelwrightError):  # noqa: N818
    """The job id belongs to another request."""


class SourceNotAllowed(ReelwrightError):  # noqa: N818
    """The source's scheme, address or bucket is not one this stack reads from."""


class SourceUnreachable(ReelwrightError):  # noqa: N818
    """The source's server refused it for good (404, 403, no such host or bucket)."""


class SourceTooLarge(ReelwrightError):  # noqa: N818
    """The source exceeds a limit on bytes, pixels, duration or streams."""


class SourceEmpty(ReelwrightError):  # noqa: N818
    """The source has no bytes."""


class SourceNotMedia(ReelwrightError):  # noqa: N818
    """The source is not a media file of a supported container."""


class SourceEncrypted(ReelwrightError):  # noqa: N818
    """The source's media is encrypted."""


class SourceHasNoVideo(ReelwrightError):  # noqa: N818
    """Video was asked for and the source has no decodable video stream."""


class SourceHasNoSound(ReelwrightError):  # noqa: N818
    """A file of sound was asked for and the source has no decodable sound."""


class SourceTruncated(ReelwrightError):  # noqa: N818
    """The source ends before its own tables say it does."""


class SourceIsLive(ReelwrightError):  # noqa: N818
    """The source is a live stream, and a job that needs a whole film was sent with it."""


class StreamNotUp(ReelwrightError):  # noqa: N818
    """Pictures of a live stream were asked for, and it was not up in the time it was waited for."""


class StreamStalled(ReelwrightError):  # noqa: N818
    """A live stream is there, and nothing new comes from it."""


class StreamEnded(ReelwrightError):  # noqa: N818
    """A live stream was over before a picture could be taken of it."""


class SourceChanged(ReelwrightError):  # noqa: N818
    """The bytes of the source, or of an asset, are no longer those that were planned."""


class AssetUnusable(ReelwrightError):  # noqa: N818
    """A picture, captions or sound that the request names besides the source can't be used."""


class SnapshotOutsideSource(ReelwrightError):  # noqa: N818
    """A snapshot was asked for at a time the source does not have."""


class ClipOutsideSource(ReelwrightError):  # noqa: N818
    """A clip was asked for that the source does not have."""


class TurnLost(ReelwrightError):  # noqa: N818
    """The grant an execution was told of was taken back; it asks again."""


class JobEnded(ReelwrightError):  # noqa: N818
    """The job was ended, by cancelling or by its failure, while this step was under way."""


class CancelRefused(ReelwrightError):  # noqa: N818
    """The job can't be cancelled: there is none, it has ended, or it is being published."""


class FfmpegFailed(ReelwrightError):  # noqa: N818
    """ffmpeg ended with an error that another attempt would meet again."""


class ChunkIncomplete(ReelwrightError):  # noqa: N818
    """A chunk came out with another number of frames than planned, at every preroll."""


class PartMissing(ReelwrightError):  # noqa: N818
    """A planned part is not in the store."""


class PartMismatch(ReelwrightError):  # noqa: N818
    """A part does not hold what its plan says (frames, timestamps, codec configuration, bytes)."""


class PartForeign(ReelwrightError):  # noqa: N818
    """A part was made for another plan."""


class OutputTooLarge(ReelwrightError):  # noqa: N818
    """An output needs more disk than the function that makes its file has."""


class RenderMismatch(ReelwrightError):  # noqa: N818
    """The assembled file does not hold what the plan says; it was not published."""
