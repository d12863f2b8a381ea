"""Reviews that wait: their cause, and the work that they are."""

from moderation.domain.record import Record

SECONDS_A_REVIEW = 30  # an assumption, until a deployment has measured its own


def cause_of(review: Record) -> str:
    """Return the cause of a review: the error of a failure, a revoked decision, or else the row of the decision table.

    Without a row, as in the index by verdict and in records of earlier releases, it is who decided.
    """
    if review.failure:
        return review.failure[0]
    if review.decided_by == "person":  # the row is that of the verdict which the person overruled
        return "revoked"
    return review.row or review.decided_by or "unknown"


def hours_of(reviews: int, seconds_a_review: float) -> float:
    """Return a person's hours for so many reviews."""
    return reviews * seconds_a_review / 3600
