"""Use cases, one file each, called by the Lambdas' handlers, the command and the scripts alike.

A use case uses the ports and the domain. It knows neither Lambda nor a terminal: callers turn its result into logs,
metrics and tables.
"""
