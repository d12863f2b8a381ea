"""The CDK app: settings from context, the stacks, and the constructs they compose."""
