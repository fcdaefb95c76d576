"""The certification cases with a Central System under test, by functionality. `docs/conformance.md` is made of them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Functionality(StrEnum):
    """What a certificate names."""

    CORE = "Core"
    LOCAL_LIST = "Local Authorization List Management"
    FIRMWARE = "Firmware Management"
    RESERVATION = "Reservation"
    REMOTE_TRIGGER = "Remote Trigger"
    SMART_CHARGING = "Smart Charging"
    BASIC_SECURITY = "Basic security"
    ADVANCED_SECURITY = "Advanced security"


@dataclass(frozen=True)
class Case:
    """One case. `missing` says why it is not automated; None if it is."""

    id: str
    functionality: Functionality
    name: str
    missing: str | None = None


_TEST = re.compile(r"test_(tc_\d{3}(?:_\d)?_csms)")

_NAMES = {
    Functionality.CORE: {
        "TC_001": "Cold Boot Charge Point",
        "TC_003": "Regular Charging Session – Plugin First",
        "TC_004_1": "Regular Charging Session – Identification First",
        "TC_004_2": "Regular Charging Session – Identification First – ConnectionTimeOut",
        "TC_005_1": "EV Side Disconnected – transaction stopped, connector unlocked",
        "TC_007": "Regular Start Charging Session – Cached Id",
        "TC_010": "Remote Start Charging Session – Cable Plugged in First",
        "TC_011_1": "Remote Start Charging Session – Remote Start First",
        "TC_011_2": "Remote Start Charging Session – Time Out",
        "TC_012": "Remote Stop Charging Session",
        "TC_013": "Hard Reset",
        "TC_014": "Soft Reset",
        "TC_017_1": "Unlock connector – no charging session running, not fixed cable",
        "TC_017_2": "Unlock connector – no charging session running, fixed cable",
        "TC_018_1": "Unlock Connector – With Charging Session, not fixed cable",
        "TC_019_1": "Retrieve all configuration keys",
        "TC_019_2": "Retrieve specific configuration key",
        "TC_021": "Change/set Configuration",
        "TC_023_1": "Start Charging Session – Authorize invalid",
        "TC_023_2": "Start Charging Session – Authorize expired",
        "TC_023_3": "Start Charging Session – Authorize blocked",
        "TC_024": "Start Charging Session Lock Failure",
        "TC_026": "Remote Start Charging Session – Rejected",
        "TC_028": "Remote Stop Transaction – Rejected",
        "TC_030": "Unlock Connector – Unlock Failure",
        "TC_031": "Unlock Connector – Unknown Connector",
        "TC_032_1": "Power failure boot – configured to stop transactions",
        "TC_037_1": "Offline Start Transaction – Valid IdTag",
        "TC_037_3": "Offline Start Transaction – Invalid IdTag – StopTransactionOnInvalidId=true",
        "TC_039": "Offline Transaction",
        "TC_040_1": "Configuration keys – NotSupported",
        "TC_040_2": "Configuration keys – Invalid value",
        "TC_061": "Clear Authorization Data in Authorization Cache",
        "TC_064": "Data Transfer to a Central System",
    },
    Functionality.LOCAL_LIST: {
        "TC_042_1": "Get Local List Version – not supported",
        "TC_042_2": "Get Local List Version – empty",
        "TC_043_1": "Send Local Authorization List – NotSupported",
        "TC_043_3": "Send Local Authorization List – Failed",
        "TC_043_4": "Send Local Authorization List – Full",
        "TC_043_5": "Send Local Authorization List – Differential",
    },
    Functionality.FIRMWARE: {
        "TC_044_1": "Firmware Update – Download and Install",
        "TC_044_2": "Firmware Update – Download Failed",
        "TC_044_3": "Firmware Update – Installation Failed",
        "TC_045_1": "Get Diagnostics",
        "TC_045_2": "Get Diagnostics – Upload Failed",
    },
    Functionality.RESERVATION: {
        "TC_046": "Reservation of a Connector – Transaction",
        "TC_047": "Reservation of a Connector – Expire",
        "TC_048_1": "Reservation of a Connector – Faulted",
        "TC_048_2": "Reservation of a Connector – Occupied",
        "TC_048_3": "Reservation of a Connector – Unavailable",
        "TC_048_4": "Reservation of a Connector – Rejected",
        "TC_049": "Reservation of a Charge Point – Transaction",
        "TC_051": "Cancel Reservation",
        "TC_052": "Cancel Reservation – Rejected",
        "TC_053": "Use a reserved Connector with parentIdTag",
    },
    Functionality.REMOTE_TRIGGER: {
        "TC_054": "Trigger Message",
        "TC_055": "Trigger Message – Rejected",
    },
    Functionality.SMART_CHARGING: {
        "TC_056": "Central Smart Charging – TxDefaultProfile",
        "TC_057": "Central Smart Charging – TxProfile",
        "TC_059": "Remote Start Transaction with Charging Profile",
        "TC_066": "Get Composite Schedule",
        "TC_067": "Clear Charging Profile",
    },
    Functionality.BASIC_SECURITY: {
        "TC_073": "Update Charge Point Password for HTTP Basic Authentication",
        "TC_083": "Upgrade Charge Point Security Profile – Accepted",
        "TC_085": "Basic Authentication – Valid username/password combination",
        "TC_086": "TLS – server-side certificate – Valid certificate",
        "TC_088": "WebSocket Subprotocol negotiation",
    },
    Functionality.ADVANCED_SECURITY: {
        "TC_074": "Update Charge Point Certificate by request of Central System",
        "TC_075_1": "Install a certificate – ManufacturerRootCertificate",
        "TC_075_2": "Install a certificate – CentralSystemRootCertificate",
        "TC_076": "Delete a specific certificate from the Charge Point",
        "TC_077": "Invalid ChargePointCertificate Security Event",
        "TC_078": "Invalid CentralSystemCertificate Security Event",
        "TC_079": "Get Security Log",
        "TC_080": "Secure Firmware Update",
        "TC_081": "Secure Firmware Update – Invalid Signature",
        "TC_087": "TLS – Client-side certificate – Valid certificate",
    },
}

_CERTIFICATES = "certificates of charge points are not issued yet"
_MISSING = {
    "TC_074": _CERTIFICATES,
    "TC_075_1": "InstallCertificate is not sent yet",
    "TC_075_2": "InstallCertificate is not sent yet",
    "TC_076": "DeleteCertificate is not sent yet",
    "TC_077": _CERTIFICATES,
    "TC_078": "InstallCertificate is not sent yet",
    "TC_079": "GetLog is not sent yet",
    "TC_080": "SignedUpdateFirmware is not sent yet",
    "TC_081": "SignedUpdateFirmware is not sent yet",
    "TC_086": "the local stack speaks no TLS, and CloudFront has one certificate at a time: two of four suites",
    "TC_087": "the local stack speaks no TLS: client certificates are verified by CloudFront",
}


@cache
def all_cases() -> dict[str, Case]:
    """Every case by its id."""
    cases = [
        Case(f"{number}_CSMS", functionality, name, _MISSING.get(number))
        for functionality, names in _NAMES.items()
        for number, name in names.items()
    ]
    return {case.id: case for case in cases}


def case_of(test: str) -> Case | None:
    """The case that the test function of this name automates; None if it is about something else.

    Raises:
        KeyError: there is no such case.
    """
    found = _TEST.fullmatch(test)
    return all_cases()[found[1].upper()] if found else None
