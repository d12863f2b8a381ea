"""Sessions of boto3 as a new process has them, which don't read the services' models anew."""

import boto3
import botocore.session
from botocore.loaders import Loader

_LOADER = Loader()


def new_session(**given: str) -> boto3.Session:
    """A session of what is given, and of what the environment has now."""
    core = botocore.session.Session()
    core.register_component("data_loader", _LOADER)
    return boto3.Session(botocore_session=core, **given)
