"""What is run whole is for, tried: break the code in one way, see whether a load, a site or a station notices.

`python -m proof.whole_mutations` does so in a copy of the tree; `docs/testing.md` has the list.
"""

import os
from typing import Final

from tests.mutations import Mutation, run

_DESCRIBED: Final = "tests/e2e/test_fuzz.py"
_LOAD: Final = "tests/e2e/test_load.py"
_SITE: Final = "proof/test_big_site.py"
_SHARING: Final = "tests/unit/smart_charging/test_sharing.py"
_STATION: Final = "proof/test_misbehaving_station.py"

MUTATIONS: Final = (
    Mutation(
        "described: a cursor that is none is a failure of ours",
        "api/resolver.py",
        "self.exception_handler(InvalidCursor)(_invalid_cursor)",
        "pass",
        _DESCRIBED,
    ),
    Mutation(
        "described: a problem is told as any JSON",
        "api/problems.py",
        "        return Response(int(self.status), MEDIA_TYPE, ",
        '        return Response(int(self.status), "application/json", ',
        _DESCRIBED,
    ),
    Mutation(
        "described: nobody says that there may be problems",
        "api/documentation.py",
        '        "default": {\n',
        '        "599": {\n',
        _DESCRIBED,
    ),
    Mutation(
        "load: meter values of StopTransaction are not kept",
        "v16/messages/stop_transaction.py",
        "    if request.transaction_data:\n",
        "    if False:\n",
        _LOAD,
    ),
    Mutation(
        "load: a bulk command leaves out a charge point",
        "bulk.py",
        "            self._hand_out(bulk, matching)\n",
        "            self._hand_out(bulk, matching[1:])\n",
        _LOAD,
    ),
    Mutation(
        "site: a profile says what holds now, and no more",
        "wanted_profiles.py",
        "zip(spans, target.limits_da, strict=True)]\n",
        "zip(spans, target.limits_da, strict=True)][:1]\n",
        _SITE,
    ),
    Mutation(
        "site: a plan whose execution died stands still",
        "charging_plans.py",
        "            self.start(restarted)",
        "            pass",
        _SITE,
    ),
    Mutation(
        "site: what one gets is still there for the next",
        "smart_charging/waves.py",
        "            left[number] -= weight * (granted_da - held_da)",
        "            pass",
        _SHARING,
        "goes_to_one",
    ),
    Mutation(
        "station: the id of a transaction depends on the message that reports it",
        "v16/messages/start_transaction.py",
        'salt="" if has_clock else exchange.message_id',
        "salt=exchange.message_id",
        _STATION,
    ),
    Mutation(
        "station: a later stop replaces the first",
        "store/transactions.py",
        "            condition=_EXISTS & _NOT_STOPPED,\n",
        "            condition=_EXISTS,\n",
        _STATION,
    ),
    Mutation(
        "station: an answer that is no object is a failure of ours",
        "v16/operations.py",
        'payload.get("status") if isinstance(payload, dict) else None',
        'payload.get("status")',
        _STATION,
    ),
)


if __name__ == "__main__":
    os.environ["SITE_STATIONS"] = "10"
    run(MUTATIONS)
