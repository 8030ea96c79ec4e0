"""The running service keeps to its own OpenAPI description, whatever is asked of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.openapi.checks import AcceptedNegativeData

from tests.service.aaa import Aaa
from tests.service.ports import free_port
from tests.service.process import Service, Settings
from tests.service.radius import START, v4_host
from tests.service.settings import SECRET, Cpe, one_bng
