"""The errors that Step Functions knows by name: the class name is the `errorType` that the state machine matches."""


class ModerationError(Exception):
    """Base of every error of the pipeline."""


class TransientError(ModerationError):
    """Base of what may work a moment later: the state machine retries each subclass by its name."""


class PermanentError(ModerationError):
    """Base of what no retry mends: the state machine records each subclass as a `review` verdict with its message."""


class EndpointNotFound(TransientError):
    """A model endpoint isn't there, or not in service yet: a deployment makes it, which takes most of an hour."""


class EndpointThrottled(TransientError):
    """A model endpoint can't take a request yet (throttled, its queue is full, or its model is loading)."""


class EndpointUnavailable(TransientError):
    """A model endpoint failed on its side (5xx, out of memory, connection lost)."""


class EndpointTimeout(TransientError):
    """A model endpoint didn't answer in time."""


class NoCapacity(TransientError):
    """A model endpoint is scaled to zero and is being started, which takes minutes."""


class MalformedResponse(TransientError):
    """A model endpoint answered with a body that isn't in its format (truncated, or not its JSON)."""


class StoreUnavailable(TransientError):
    """S3 or DynamoDB throttled the call, failed on its side or couldn't be reached."""


class NotificationUnavailable(TransientError):
    """SNS throttled the call, failed on its side or couldn't be reached."""


class UnreadableImage(PermanentError):
    """The object isn't an image of an accepted format, or is damaged."""


class ImageTooLarge(PermanentError):
    """The object is over a limit: of bytes, of pixels, of frames, or of what takes too long to decode."""


class ImageUnavailable(PermanentError):
    """The object version is deleted, archived, or may not be read."""


class InvalidPolicy(PermanentError):
    """A policy pack or the routes can't be used as written."""


class EndpointRejected(PermanentError):
    """A model endpoint refuses the request as such; asking again gives the same answer."""


class Misconfigured(PermanentError):
    """The deployment lacks something: a setting, a permission, a resource."""


class RequestRefused(ModerationError):
    """Base of what a person asked for and can't be done as asked; the message says why, and what to do."""


class NoSuchRecord(RequestRefused):
    """The image that a person means has no record."""


class UnknownCategory(RequestRefused):
    """A person's decision names a category that the image's policy hasn't."""


class DecidedMeanwhile(RequestRefused):
    """Someone else decided on the image since it was looked at."""


class StillModerated(RequestRefused):
    """An image can't be erased while an execution works on it: that would write its record again."""
