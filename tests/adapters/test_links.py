"""Links to files: signed as every region accepts it, for the region's own host."""

from urllib.parse import parse_qs, urlsplit

import boto3

from moderation.adapters import clients
from moderation.adapters.s3_pictures import S3Pictures


def test_a_link_names_the_host_of_the_region_and_is_signed_for_it():
    session = boto3.Session("key", "secret", "token", region_name="eu-central-1")
    link = urlsplit(S3Pictures(clients.s3_links(session), "work").link("work/a.png", 60))
    asked = parse_qs(link.query)

    assert link.netloc == "work.s3.eu-central-1.amazonaws.com"
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert "/eu-central-1/s3/" in asked["X-Amz-Credential"][0]
    assert (asked["X-Amz-Expires"], asked["response-content-type"]) == (["60"], ["image/png"])
