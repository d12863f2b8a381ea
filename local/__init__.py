"""The laptop cloud: the synthesised template, run without an AWS account."""
