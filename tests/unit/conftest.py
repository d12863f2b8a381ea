"""Unit tests touch no network: a socket that opens is a fault of the code under test."""

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def no_sockets():
    disable_socket()
    yield
    enable_socket()
