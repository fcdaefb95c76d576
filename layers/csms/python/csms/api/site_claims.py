"""Which charging plan has a site, and telling it of changes.

A plan is stored before it claims a site: a claim without a plan was left by one that was deleted, or by a draft whose
request is over.
"""

from csms.api.request import CurrentRequest
from csms.ids import PlanId, SiteId
from csms.store.charging_plans import ChargingPlan
from csms.store.sites import Site


def claim(current: CurrentRequest, plan: ChargingPlan) -> PlanId | None:
    """Give the plan its site; the plan that has it if that is another. None if there is no such site either."""
    if current.store.sites.claim(plan.site_id, plan.id):
        return plan.id
    site = current.store.sites.get(plan.site_id, consistent=True)
    other = running_plan(current, site) if site else None
    if site and other is None:
        return plan.id if current.store.sites.claim(plan.site_id, plan.id) else None
    return other


def running_plan(current: CurrentRequest, site: Site) -> PlanId | None:
    """The plan that has the site; one that is gone or over gives it back, and so does a draft."""
    if site.plan_id is None:
        return None
    plan = current.store.charging_plans.get(site.plan_id, consistent=True)
    if plan and not plan.state.is_over:
        return plan.id
    if plan is None and not current.store.charging_plans.discard(site.plan_id):
        return site.plan_id  # it was started at this moment
    current.store.sites.release(site.id, site.plan_id)
    return None


def wake_plan(current: CurrentRequest, site_id: SiteId) -> None:
    """Have the plan that has the site, if one does, look at it now."""
    site = current.store.sites.get(site_id, consistent=True)
    if site and site.plan_id:
        current.runtime.charging_plans.wake(site_id)
