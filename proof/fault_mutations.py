"""What the faults are for, tried: break the code in one way, see which of them notices.

`python -m proof.fault_mutations` does so in a copy of the tree; `docs/testing.md` has the list.
"""

from typing import Final

from tests.mutations import Mutation, run

_SCENES: Final = "proof/test_every_fault.py"
_DELIVERIES: Final = "proof/test_deliveries.py"
_CLOCKS: Final = "tests/integration/test_clock_skew.py"
_DRAFTS: Final = "tests/integration/sites/test_drafts.py"
_FAULTS: Final = "tests/integration/test_faults.py"
_CRASHES: Final = "tests/integration/test_crashes.py"
_HANDLER: Final = "../../../../functions/{}/handler.py"


MUTATIONS: Final = (
    Mutation(
        "an idempotency key can be claimed twice",
        "store/calls.py",
        "                condition=Attr(keys.PARTITION_KEY).not_exists(),\n            )\n"
        "        except ConditionFailed as used:",
        "            )\n        except ConditionFailed as used:",
        _SCENES,
        "commands and ClearCache",
    ),
    Mutation(
        "a repeated command does not see its call on its way",
        "calls.py",
        "            self.dispatch(call.charge_point_id, self._line_up(call))\n        return call",
        "            pass\n        return call",
        _SCENES,
        "away",
    ),
    Mutation(
        "nobody looks for a flight whose deadline was lost",
        "store/links.py",
        "return bool(self.waiting) if self.flight is None else self.flight.is_overdue(now)",
        "return bool(self.waiting) if self.flight is None else False",
        _SCENES,
        "overdue",
    ),
    Mutation(
        "a heartbeat does not show that calls stand still",
        "v16/answer.py",
        "        if session.is_touched:\n",
        "        if False:\n",
        _SCENES,
        "overdue",
    ),
    Mutation(
        "the deadline of a call that was put back is forgotten",
        "calls.py",
        "        if now < deadline.until:\n"
        "            self._queue().send(deadline, deadline.until - now)\n            return",
        "        if now < deadline.until:\n            return",
        _CLOCKS,
        "two_processes",
    ),
    Mutation(
        "effects count as done before they are",
        "calls.py",
        "        if self._operations.has_effects(call):\n            self._operations.apply(call, now, self.place)",
        "        self._store.calls.mark_effects_done(call)\n        if self._operations.has_effects(call):\n"
        "            self._operations.apply(call, now, self.place)",
        _SCENES,
        "finish_calls",
    ),
    Mutation(
        "a write that the client repeated is taken for somebody else's",
        "store/calls.py",
        "            if not sent.items() <= (failed.item or {}).items():\n                raise",
        "            raise",
        _SCENES,
        "commands and ClearCache",
    ),
    Mutation(
        "what cannot be finished is not told to the stream",
        _HANDLER.format("finish_calls"),
        '        logger.exception("finishing a call failed")\n        return False',
        '        logger.exception("finishing a call failed")\n        return True',
        _SCENES,
        "finish_calls",
    ),
    Mutation(
        "news behind a record that fails are told to nobody",
        _HANDLER.format("finish_calls"),
        "    if not _pass_on(passed_on):\n        failed = [0]",
        "    _pass_on(passed_on)",
        _DELIVERIES,
    ),
    Mutation(
        "only the last record that fails counts",
        _HANDLER.format("finish_calls"),
        "    numbers = [records[number]",
        "    failed = failed[-1:]\n    numbers = [records[number]",
        _DELIVERIES,
    ),
    Mutation(
        "a message that failed is deleted",
        _HANDLER.format("dispatch_calls"),
        '        logger.exception("a wake-up failed")\n        return False',
        '        logger.exception("a wake-up failed")\n        return True',
        _SCENES,
        "dispatch_calls",
    ),
    Mutation(
        "a boundary that woke nobody is deleted",
        _HANDLER.format("wake_plans"),
        '        logger.exception("waking a charging plan failed")\n        return False',
        '        logger.exception("waking a charging plan failed")\n        return True',
        _DELIVERIES,
        "boundary",
    ),
    Mutation(
        "an import does not note whom it still has to tell",
        "api/id_tag_import.py",
        "            tag = replace(tag, untold_groups=groups_to_tell(known))",
        "            pass",
        _SCENES,
        "imports and everywhere",
    ),
    Mutation(
        "a tag is blocked without a note of the groups it leaves",
        "api/resources/id_tags.py",
        '        assignments["untold_groups"] = list(groups_to_tell(known))',
        "        pass",
        _SCENES,
        "blocks and everywhere",
    ),
    Mutation(
        "an event that the bus has not taken is deleted",
        _HANDLER.format("publish_events"),
        'if not taken.get(record["messageId"], False)]',
        'if record["messageId"] not in taken]',
        _SCENES,
        "publish_events",
    ),
    Mutation(
        "half a batch of events counts as all of it",
        "event_queue.py",
        '            if answer.get("Failed"):\n'
        "                raise NotTaken(f\"{len(answer['Failed'])} of {len(batch)}\")",
        "            del answer",
        _SCENES,
        "finish_calls",
    ),
    Mutation(
        "a bulk command forgets whom it could not call",
        "bulk.py",
        '            logger.exception("a bulk command failed", extra={"bulk_id": bulk.id, "charge_point_id": named})\n'
        "            return False",
        '            logger.exception("a bulk command failed", extra={"bulk_id": bulk.id, "charge_point_id": named})\n'
        "            return True",
        _SCENES,
        "bulk",
    ),
    Mutation(
        "a step waits without the message that wakes it at its boundary",
        "charging_plans.py",
        "        self._boundaries().send(boundary, now)\n        return self._store.sites.wait(",
        "        return self._store.sites.wait(",
        _SCENES,
        "boundary",
    ),
    Mutation(
        "a tag is removed before anybody is told",
        "api/resources/id_tags.py",
        "    steps = next_steps(current, (tag,), is_wanted=True)\n    with suppress(ConditionFailed):\n"
        "        tags.delete(tag.id_tag)\n    return steps",
        "    with suppress(ConditionFailed):\n        tags.delete(tag.id_tag)\n"
        "    return next_steps(current, (tag,), is_wanted=True)",
        _SCENES,
        "everywhere",
    ),
    Mutation(
        "a charge point is removed before its identity is free",
        "store/charge_points.py",
        "        with suppress(ConditionFailed):\n            self._table.delete(keys.identity(charge_point_id), "
        "condition=_is_free_or_its_own(charge_point_id))\n"
        "        self._table.delete(keys.charge_point(charge_point_id))",
        "        self._table.delete(keys.charge_point(charge_point_id))\n        with suppress(ConditionFailed):\n"
        "            self._table.delete(keys.identity(charge_point_id), "
        "condition=_is_free_or_its_own(charge_point_id))",
        _SCENES,
        "removes and charge and point",
    ),
    Mutation(
        "a firmware image is removed before its content",
        "api/resources/firmware.py",
        "    current.runtime.files.delete(found.key)  "
        "# the row last: as long as it is there, the rest can be removed again\n"
        "    current.store.firmware.delete(found.id)",
        "    current.store.firmware.delete(found.id)\n    current.runtime.files.delete(found.key)",
        _SCENES,
        "removes and image",
    ),
    Mutation(
        "a site that was never completed keeps its charge points",
        "store/sites.py",
        "            if not self.discard(other.site_id):\n                raise\n",
        "            raise\n",
        _SCENES,
        "adds and site and with",
    ),
    Mutation(
        "a plan that was never started with its creation keeps its site",
        "api/resources/charging_plans.py",
        'draft_at=current.now if new.state == "active" else None',
        "draft_at=None",
        _SCENES,
        "adds and plan",
    ),
    Mutation(
        "a draft that was discarded is completed",
        "store/sites.py",
        "remove=drafts.MARK, condition=_EXISTS)",
        "remove=drafts.MARK)",
        _DRAFTS,
        "slow",
    ),
    Mutation(
        "a draft is not discarded before another plan gets its site",
        "api/site_claims.py",
        "if plan is None and not current.store.charging_plans.discard(site.plan_id):",
        "if plan is None and not site.plan_id:",
        _DRAFTS,
        "slow",
    ),
    Mutation(
        "who was given a charge point as well leaves its connectors to nobody",
        "store/sites.py",
        "            self.adopt_connectors(other, charge_point_id, connector_ids)\n        self.bump(site_id)",
        "            pass\n        self.bump(site_id)",
        _SCENES,
        "adds and site and with",
    ),
    Mutation(
        "a start is another one under each message id",
        "v16/messages/start_transaction.py",
        'salt="" if has_clock else exchange.message_id',
        "salt=exchange.message_id",
        _CLOCKS,
        "told_again",
    ),
    Mutation(
        "a stop before its start belongs to nobody",
        "v16/messages/stop_transaction.py",
        "        return store.transactions.get(charge_point_id, named)\n",
        "        found = store.transactions.get(charge_point_id, named)\n"
        "        return found if found and found.start.timestamp <= request.timestamp else None\n",
        _CLOCKS,
        "wrong_clock",
    ),
    Mutation(
        "a start that the client repeated is another one",
        "store/transactions.py",
        "            if _is_same_report(stored, candidate.start, salt):",
        "            if False:",
        _FAULTS,
        "repeats and start",
    ),
    Mutation(
        "a stop that the client repeated is another end",
        "ending.py",
        "if first is None or first.stop is None or not first.stop.is_repeated_by(stop):",
        "if True:",
        _FAULTS,
        "repeats and stop",
    ),
    Mutation(
        "what DynamoDB refuses is answered by nobody",
        "v16/answer.py",
        "        except Exception:  # the one place",
        "        except LookupError:  # the one place",
        _FAULTS,
        "retransmission and start",
    ),
    Mutation(
        "a stop that was stored is over, whatever was left of it",
        "ending.py",
        "        stop = first.stop\n",
        "        return first.stop\n",
        _CRASHES,
        "stop",
    ),
    Mutation(
        "a connector has the next transaction before the one before is marked",
        "v16/messages/start_transaction.py",
        "    _supersede_earlier(found, transaction, exchange)\n"
        "    occupation = store.connectors.occupy(charge_point_id, connector_id, transaction.id, "
        "transaction.started_at)\n",
        "    occupation = store.connectors.occupy(charge_point_id, connector_id, transaction.id, "
        "transaction.started_at)\n"
        "    _supersede_earlier(found, transaction, exchange)\n",
        _CRASHES,
        "start",
    ),
)


if __name__ == "__main__":
    run(MUTATIONS)
