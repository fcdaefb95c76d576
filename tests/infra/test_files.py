from tests.infra.synthesized import Synthesized


def test_nobody_reaches_the_bucket_from_outside(deployed: Synthesized) -> None:
    bucket = deployed.only("AWS::S3::Bucket")["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (statement,) = deployed.only("AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_files_are_encrypted(deployed: Synthesized) -> None:
    bucket = deployed.only("AWS::S3::Bucket")["Properties"]
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_abandoned_uploads_go_away(deployed: Synthesized) -> None:
    rule, _ = deployed.only("AWS::S3::Bucket")["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_diagnostics_are_kept_as_long_as_history(deployed: Synthesized) -> None:
    _, rule = deployed.only("AWS::S3::Bucket")["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Prefix"], rule["ExpirationInDays"]) == ("diagnostics/", 32 + 90)
