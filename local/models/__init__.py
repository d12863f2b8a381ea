"""Model server of the laptop: the SageMaker runtime API over the container's own handler and a judge."""
