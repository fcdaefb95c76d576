"""The one table of prices: public list prices on demand, of one region, without free tiers and discounts."""

from dataclasses import dataclass
from typing import Final

REGION: Final = "us-east-1"
AS_OF: Final = "2026-11"
"""When they were looked up."""
MILLION: Final = 1_000_000
TB: Final = 1024
"""Of GB."""

_SITE: Final = "https://aws.amazon.com/{}/pricing/"


@dataclass(frozen=True)
class Price:
    """What a unit costs, less the more are bought where there are tiers."""

    what: str
    tiers: tuple[tuple[float, float], ...]
    """Up to so many units a month, and USD for each of them; the last has no end."""
    per: float
    """How many units the price list names its price for."""
    unit: str
    source: str

    def usd(self, quantity: float) -> float:
        """For so many a month."""
        total, begin = 0.0, 0.0
        for end, each in self.tiers:
            total += max(0.0, min(quantity, end) - begin) * each
            begin = end
        return total


def _price(what: str, usd: float, per: float, unit: str, service: str, *cheaper: tuple[float, float]) -> Price:
    """One price; `cheaper` has what each further tier begins at, in units, and its price per `per`."""
    begins = [begin for begin, _ in cheaper]
    each = [usd, *(lower for _, lower in cheaper)]
    tiers = tuple((end, one / per) for end, one in zip([*begins, float("inf")], each, strict=True))
    return Price(what, tiers, per, unit, _SITE.format(service))


_GATEWAY, _LOGS, _EDGE = "api-gateway", "cloudwatch", "cloudfront"

WEBSOCKET_MESSAGE: Final = _price(
    *("WebSocket messages, each direction, per 32 KB begun", 1.00, MILLION, "million", _GATEWAY), (1e9, 0.80)
)
CONNECTION_MINUTE: Final = _price("WebSocket connections", 0.25, MILLION, "million minutes", _GATEWAY)
HTTP_REQUEST: Final = _price("HTTP API", 1.00, MILLION, "million requests", _GATEWAY, (300e6, 0.90))
WRITE_UNIT: Final = _price("DynamoDB writes on demand", 0.625, MILLION, "million units", "dynamodb")
READ_UNIT: Final = _price("DynamoDB reads on demand", 0.125, MILLION, "million units", "dynamodb")
TABLE_GB: Final = _price("DynamoDB storage, indexes included", 0.25, 1, "GB and month", "dynamodb")
RECOVERY_GB: Final = _price("DynamoDB point-in-time recovery", 0.20, 1, "GB and month", "dynamodb")
WRITE_UNIT_RARE: Final = _price("DynamoDB writes, class Standard-IA", 0.78, MILLION, "million units", "dynamodb")
READ_UNIT_RARE: Final = _price("DynamoDB reads, class Standard-IA", 0.155, MILLION, "million units", "dynamodb")
TABLE_GB_RARE: Final = _price("DynamoDB storage, class Standard-IA", 0.10, 1, "GB and month", "dynamodb")
STREAM_READ: Final = _price("DynamoDB stream reads by Lambda", 0.0, MILLION, "million", "dynamodb")
LAMBDA_REQUEST: Final = _price("Lambda requests", 0.20, MILLION, "million", "lambda")
LAMBDA_GB_SECOND: Final = _price(
    *("Lambda duration, arm64", 0.0000133334, 1, "GB-second", "lambda"), (7.5e9, 0.0000120001), (18.75e9, 0.0000106667)
)
QUEUE_REQUEST: Final = _price("SQS standard", 0.40, MILLION, "million requests", "sqs", (100e9, 0.30), (200e9, 0.24))
STATE_TRANSITION: Final = _price("Step Functions Standard", 0.025, 1000, "1,000 transitions", "step-functions")
EVENT: Final = _price("EventBridge custom events, per 64 KB", 1.00, MILLION, "million", "eventbridge")
LOG_GB: Final = _price(
    *("CloudWatch Logs, taken in", 0.50, 1, "GB", _LOGS), (10 * TB, 0.25), (30 * TB, 0.10), (50 * TB, 0.05)
)
LOG_STORED_GB: Final = _price("CloudWatch Logs, kept (compressed)", 0.03, 1, "GB and month", _LOGS)
METRIC: Final = _price("CloudWatch custom metrics", 0.30, 1, "metric and month", _LOGS, (10_000, 0.10), (250_000, 0.05))
ALARM: Final = _price("CloudWatch metrics of alarms", 0.10, 1, "metric and month", _LOGS)
DASHBOARD: Final = _price("CloudWatch dashboards", 3.00, 1, "dashboard and month", _LOGS)
TRACE: Final = _price("X-Ray traces", 5.00, MILLION, "million", "xray")
EDGE_REQUEST: Final = _price("CloudFront HTTPS requests, one a connection", 0.01, 10_000, "10,000", _EDGE)
EDGE_FUNCTION: Final = _price("CloudFront Functions", 0.10, MILLION, "million", _EDGE)
EDGE_GB_OUT: Final = _price(
    *("CloudFront, to stations", 0.085, 1, "GB", _EDGE),
    *((10 * TB, 0.080), (50 * TB, 0.060), (150 * TB, 0.040), (500 * TB, 0.030)),
)
EDGE_GB_IN: Final = _price("CloudFront, from stations to the API", 0.02, 1, "GB", _EDGE)
TRANSFER_GB: Final = _price(
    *("Data transfer out, without CloudFront", 0.09, 1, "GB", "ec2/on-demand"),
    *((10 * TB, 0.085), (50 * TB, 0.070), (150 * TB, 0.050)),
)
KEY: Final = _price("KMS keys", 1.00, 1, "key and month", "kms")
KEY_REQUEST: Final = _price("KMS requests", 0.03, 10_000, "10,000", "kms")
SECRET: Final = _price("Secrets Manager", 0.40, 1, "secret and month", "secrets-manager")
SECRET_REQUEST: Final = _price("Secrets Manager requests", 0.05, 10_000, "10,000", "secrets-manager")
FILE_GB: Final = _price("S3 Standard", 0.023, 1, "GB and month", "s3", (50 * TB, 0.022), (500 * TB, 0.021))
WEB_ACL: Final = _price("WAF web ACLs", 5.00, 1, "ACL and month", "waf")
WEB_RULE: Final = _price("WAF rules", 1.00, 1, "rule and month", "waf")

PRICES: Final = tuple(value for value in list(globals().values()) if isinstance(value, Price))
"""All of them, in the order of this page."""
