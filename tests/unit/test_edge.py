"""What is read in the subject of a client certificate."""

import pytest

from csms.edge import common_name


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("CN=CP001", "CP001"),
        ("CN=CP001,OU=client-3,O=mTLS,ST=Washington,C=US", "CP001"),
        ("C=US, O=Operator, CN=CP001", "CP001"),
        ("O=Operator;cn = CP 001 ;C=US", "CP 001"),
        ("OU=a+CN=CP001,O=b", "CP001"),
        ("2.5.4.3=CP001", "CP001"),
        ('CN="CP, 1=a+b",O=x', "CP, 1=a+b"),
        (r"CN=CP\,1\=a\+b\\c\"d,O=x", 'CP,1=a+b\\c"d'),
        (r"CN=Z\C3\BCrich", "Zürich"),
        ("CN=a=b", "a=b"),
        ("CN=", ""),
    ],
)
def test_the_common_name_is_read_wherever_it_stands(subject: str, name: str) -> None:
    assert common_name(subject) == name


@pytest.mark.parametrize(
    "subject",
    [
        r"O=x\,CN\=CP001",
        r'O="x,CN=CP001"',
        "O=CN=CP001",
        "OCN=CP001",
        "",
    ],
)
def test_what_stands_in_another_attribute_is_no_name(subject: str) -> None:
    assert common_name(subject) is None


@pytest.mark.parametrize("subject", ["CN=CP001,CN=CP002", "O=x,CN=CP001,OU=y,cn=CP001", "CN=a+CN=b"])
def test_several_names_are_none(subject: str) -> None:
    assert common_name(subject) is None


@pytest.mark.parametrize("subject", ["CP001", "CN", "CN=a,b", 'CN="a', 'CN=a"b"', "CN=a\\", "=a,CN=b", "é=a,CN=b"])
def test_what_is_no_distinguished_name_names_nobody(subject: str) -> None:
    assert common_name(subject) is None
