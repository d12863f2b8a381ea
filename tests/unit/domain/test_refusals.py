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
    ],
)
def test_a_description_is_none(text: str) -> None:
    assert not declines(text)
