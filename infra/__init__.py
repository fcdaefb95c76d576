"""The deployment as CDK code; `definitions` is the part the local stack shares."""
