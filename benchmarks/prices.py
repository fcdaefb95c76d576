"""Prices the cost model multiplies with: us-east-1, on demand, USD, from the public AWS price pages (2026)."""

from typing import Final

MILLION: Final = 1_000_000

WEBSOCKET_MESSAGE: Final = 1.00 / MILLION
"""Each direction, per 32 KB begun. https://aws.amazon.com/api-gateway/pricing/"""
CONNECTION_MINUTE: Final = 0.25 / MILLION
WRITE_UNIT: Final = 0.625 / MILLION
"""https://aws.amazon.com/dynamodb/pricing/on-demand/"""
READ_UNIT: Final = 0.125 / MILLION
LAMBDA_REQUEST: Final = 0.20 / MILLION
"""https://aws.amazon.com/lambda/pricing/ (arm64)"""
LAMBDA_GB_SECOND: Final = 0.0000133334
STATE_TRANSITION: Final = 0.025 / 1000
"""Of a Standard workflow, each repetition too. https://aws.amazon.com/step-functions/pricing/"""
