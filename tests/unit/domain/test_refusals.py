"""Replies of chat models in place of a description."""

import pytest

from moderation.domain.refusals import declines


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that request.",
        "I\u2019m sorry, I can\u2019t help with that.",
        "I cannot describe this image as it contains content that violates the policy.",
        "As a language model, I'm unable to view images.",
        "I don't see any image. Please upload the picture you'd like me to describe.",
        "I'm not comfortable describing this image.",
        "I will not be able to assist you with this.",
        "I must decline to describe the picture.",
        "I'm not able to help with identifying people in this image.",
        "Unable to describe the image.",
        "Error: image could not be loaded",
        "No image was provided.",
        "There is no image attached to your message.",
        "Sorry, can't help with that.",
        "I'm sorry, but I can't do that.",
        "I cannot caption this image.",
        "I refuse to describe this image.",
        "The image failed to load.",
        "You haven't provided an image.",
        "I am a text-based AI and cannot see images.",
        "As an AI language model, I do not have the ability to view images.",
        "I do not have access to the image.",
        "Sorry, but I can't identify real people.",
        "I see no image.",
        "There isn't an image attached.",
        "It looks like the image did not come through.",
        "Could you please upload the image?",
        "Request declined.",
        "Your request was rejected by the safety system.",
        "[REDACTED]",
        "I'm sorry.",
        "I'm sorry, but no.",
        "No.",
        "I do not feel comfortable discussing this.",
        "I cannot comment on this image.",
        "I`m sorry, but I can`t assist with that.",
        "I can&#39;t assist with that.",
        "**I'm sorry, I can\u02bct provide a caption for this.**",
        "It is against my guidelines to describe this image.",
        "That's not something I can help with.",
        "Not able to describe the image.",
        "How can I assist you today?",
        "This image contains text that I cannot describe.",
        "The screenshot contains personal data, so I can't describe it.",
        "The photo shows a note, but I can't provide a description of it.",
        "The image contains written content that violates my guidelines.",
    ],
)
def test_a_refusal_is_recognised(text: str) -> None:
    assert declines(text)


@pytest.mark.parametrize(
    "text",
    [
        "a sign that says sorry we are closed",
        "a shirt that says i can't help it",
        "a protest sign that reads we will not comply",
        "a dating profile with no photo uploaded",
        "a phone screen that says unable to load image",
        "I can't help falling in love with you, written on a poster",
        "a man who can't swim is helped by a lifeguard",
        "a room with no image on the wall",
        "No image available",
        "two people who do not look at the camera",
        "a close up of a picture that is not finished",
        "the image shows a person who cannot see",
        "The image shows a screenshot of a chat that says \"I'm sorry, but I can't assist with that.\"",
        'The image shows a billboard: "I cannot wait to see you in this picture".',
        "handwritten note saying I won't do that again",
        "The meme says 'I will not do this'",
        "The image has not loaded fully, but shows a man.",
        "the picture is not attached to the wall",
        "please provide photo id sign on a counter",
        "I do not see any weapons in this picture; it shows a family at a picnic.",
        "We can't see what is in the box, but this picture shows a man.",
        "There is a cat on a sofa; I couldn't identify the pattern in the image.",
        "unable to help himself, a boy eats the cake",
        "i can't breathe protest",
        "Sorry, we are closed",
        "our policies are printed on the wall",
        "a large language model poster at a conference",
    ],
)
def test_a_description_is_none(text: str) -> None:
    assert not declines(text)
