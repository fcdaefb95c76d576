"""What a cold start of `message` imports: no more than answering charge points takes."""

import json
import os
import subprocess
import sys

from tests.stack import SOURCES

_COLD_START = """
import json, sys
import message.handler
from csms.runtime import runtime
from csms.v16.registry import actions
assert runtime().answerer and actions()
print(json.dumps([name for name in sys.modules if name == "csms" or name.startswith("csms.")]))
"""

NEEDED = """
    csms authorization digest ending gateway ids log metrics reservations runtime schema sessions settings
    websocket_events
    ocpp ocpp.errors ocpp.frames ocpp.json_types ocpp.primitives
    store store.charge_points store.connectors store.errors store.history store.id_tags store.json_text store.keys
    store.links store.listing store.messages store.meter_values store.sessions store.table
    store.transactions
    v16 v16.answer v16.exchange v16.messages v16.payload v16.registry v16.transfer_progress v16.types v16.vendors
"""


def test_a_cold_start_imports_what_answering_takes_and_nothing_else() -> None:
    settings = {"PYTHONPATH": SOURCES, "TABLE_NAME": "csms", "AWS_DEFAULT_REGION": "eu-central-1"}
    started = subprocess.run(
        [sys.executable, "-c", _COLD_START], env=os.environ | settings, stdout=subprocess.PIPE, check=True
    )
    imported = {name.removeprefix("csms.") for name in json.loads(started.stdout)}
    answering = {name for name in imported if name.startswith("v16.messages.")}
    assert answering
    assert imported - answering == set(NEEDED.split())
