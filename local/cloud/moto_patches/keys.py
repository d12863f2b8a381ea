"""KMS: moto keeps the policy of a template's key as an object, and reads it as text: each call on the key fails.

No upstream issue found as of November 2026.
"""

import json
from typing import Any

from moto.kms.models import Key


def install() -> None:
    """Keep the policy as text, as CreateKey does."""
    create = Key.create_from_cloudformation_json

    def create_with_text(cls: Any, *args: Any, **kwargs: Any) -> Any:
        key = create(*args, **kwargs)
        key.policy = json.dumps(key.policy)
        return key

    Key.create_from_cloudformation_json = classmethod(create_with_text)
