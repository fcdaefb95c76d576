"""Deploying takes the CDK, which needs Node: without it that is left out, as `tests/infra` is."""

import shutil

collect_ignore = [] if shutil.which("node") else ["test_deployment.py"]
