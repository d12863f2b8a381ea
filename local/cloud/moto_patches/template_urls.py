"""CloudFormation: moto reads a TemplateURL of its own S3 only when the host is called "localhost".

https://github.com/getmoto/moto/pull/6086 added that host; no upstream issue found as of November 2026.
"""

from typing import Any

import moto.cloudformation.responses as responses


def install() -> None:
    """Accept the URLs of the CDK CLI, which have the endpoint's address, 127.0.0.1."""
    read = responses.get_stack_from_s3_url

    def read_from_loopback(template_url: str, **kwargs: Any) -> Any:
        return read(template_url.replace("//127.0.0.1", "//localhost"), **kwargs)

    responses.get_stack_from_s3_url = read_from_loopback
