"""English texts of statements of reasons, which a pack may replace or have in other languages."""

RESTRICTIONS = {
    "removed": "The image was removed.",
    "disabled": "Access to the image is disabled.",
    "demoted": "The image is shown less prominently.",
    "age_restricted": "The image is shown to adults only.",
    "interaction_restricted": "Others can't interact with the image.",
    "labelled": "The image carries a label.",
}
UNSTATED_RESTRICTION = "The image is restricted: the service that sent you this notice says how."
MEANS = {
    "machine": "An automated system found the image and decided, without a person.",
    "confirmed": "An automated system found the image and decided; a person confirmed the decision.",
    "assisted": "An automated system found the image; a person decided, on what the system had found.",
    "found": "An automated system found the image; a person looked at it and decided.",
    "same_bytes": "A person decided on a file with exactly the same content; an automated system recognised it in this "
    "file and applied the decision, without another look.",
    "person": "A person decided. No automated system found the image or took part in the decision.",
}
SOURCES = {
    "own_initiative": "The image was checked on our own initiative.",
    "notice": "The image was checked because somebody notified us of it.",
    "trusted_flagger": "The image was checked because a trusted flagger notified us of it.",
    "other_notification": "The image was checked because of a notification.",
}
INSIDE = (
    "If you think that this is wrong, answer the service that sent you this notice, name the image and say why. "
    "A person who may overrule this decision will look at it."
)
