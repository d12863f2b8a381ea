"""Laptop cloud: the synthesised template, deployed without an AWS account."""
