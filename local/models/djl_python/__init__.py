"""A double of DJL Serving's `djl_python`, which isn't on PyPI: what our handler uses of it, and no more.

Written after deepjavalibrary/djl-serving, engines/python/setup/djl_python (inputs.py, outputs.py).
"""

from local.models.djl_python.inputs import Input
from local.models.djl_python.outputs import Output

__all__ = ["Input", "Output"]
