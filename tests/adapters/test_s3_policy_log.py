"""The log of policies: versions of the files that decide, newest first."""

from moderation.adapters.s3_people import PEOPLE_KEY
from moderation.adapters.s3_policy_log import S3PolicyLog

BUCKET = "policies"


def test_changes_of_packs_and_routes_are_listed_and_those_of_peoples_rights_are_not(s3) -> None:
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key in ("packs/blog.yaml", PEOPLE_KEY, "routes.yaml", PEOPLE_KEY):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    s3.delete_object(Bucket=BUCKET, Key=PEOPLE_KEY)

    assert {change.key for change in S3PolicyLog(s3, BUCKET).newest(9)} == {"packs/blog.yaml", "routes.yaml"}
