"""Use cases, one file each, called by the Lambdas' handlers, the command and the scripts alike.

A use case works over the ports and the domain. It knows neither Lambda nor a terminal: logs, metrics and tables are
made of its result.
"""
