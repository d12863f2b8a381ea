"""The laptop's model server: the SageMaker runtime API over the container's own handler and a judge."""
