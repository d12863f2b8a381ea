"""The errors that Step Functions knows by name: the class name is the `errorType` that the state machine matches."""


class ModerationError(Exception):
    """Base of every error of the pipeline."""


class TransientError(ModerationError):
    """Base of errors that a retry may fix: the state machine retries each subclass by its name."""


class PermanentError(ModerationError):
    """Base of errors that no retry fixes: the state machine records each as a `review` verdict with its message."""


class EndpointNotFound(TransientError):
    """A model endpoint doesn't exist or isn't in service yet; deploying one takes up to an hour."""


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
    """The object is a damaged image, or no file of a kind that is known."""


class UnsupportedImage(PermanentError):
    """The object is a file of a known kind that isn't accepted, or is declared as something else than an image."""


class ImageTooLarge(PermanentError):
    """The object is over a limit: of bytes, of pixels, of frames, or of what takes too long to decode."""


class ImageUnavailable(PermanentError):
    """The object version is deleted, archived, or may not be read."""


class InvalidPolicy(PermanentError):
    """A policy pack or the routes can't be used as written."""


class EndpointRejected(PermanentError):
    """A model endpoint rejects the request itself; a retry gives the same answer."""


class Misconfigured(PermanentError):
    """The deployment lacks something: a setting, a permission, a resource."""


class ReadingFailed(ModerationError):
    """The reader couldn't read a picture; its text is missing evidence."""


class DecisionWithdrawn(ModerationError):
    """A person's decision on the same bytes was changed or revoked while an execution was recording its verdict."""


class RequestRefused(ModerationError):
    """Base of requests by a person that can't be fulfilled; the message names the reason and the remedy."""


class NoSuchRecord(RequestRefused):
    """The requested image has no record."""


class OtherVersionIsCurrent(RequestRefused):
    """The newest record is of another version than the object's current one: the person must name the one they saw."""


class UnknownCategory(RequestRefused):
    """A person's decision names a category that isn't in the image's policy."""


class DecidedMeanwhile(RequestRefused):
    """Someone else has decided on the image in the meantime."""


class HeldBySomeone(RequestRefused):
    """Another person is at work on the item, or has just decided on it."""


class LeaseLost(RequestRefused):
    """The item is no longer leased to the person who decides on it."""


class ItemChanged(RequestRefused):
    """The item isn't any more what was on the screen of the person who decides on it."""


class NothingPending(RequestRefused):
    """There is no such decision that could still be taken back, or ended."""


class TokenRefused(RequestRefused):
    """An access token isn't one of the console's user pool that is valid now."""


class NotVouched(RequestRefused):
    """Nobody has vouched that the person whom a pending decision names made it, as it stands."""


class OutOfScope(RequestRefused):
    """The person may not do this, or not with this item; an item that doesn't exist looks the same."""


class SkipRefused(RequestRefused):
    """The item, or the person, has reached the number of times that an item may be passed on."""


class NotConfirmed(RequestRefused):
    """The number of items that a batch changes isn't the one that was confirmed."""


class AppealRefused(RequestRefused):
    """An appeal can't be upheld so: nothing to reverse, or by the person who made the decision."""


class ReportRefused(RequestRefused):
    """A notice can't be taken: it would change nothing, or its sender has reached a limit."""


class EscalationRefused(RequestRefused):
    """An image can't be escalated while its record changes."""


class RevealRefused(RequestRefused):
    """A person may not see the picture of an item, or no picture of it is kept."""


class LogRefused(RequestRefused):
    """A person has the right to read a log, and not the role that it takes."""


class StillModerated(RequestRefused):
    """An image can't be erased while an execution is working on it, which would write its record again."""
