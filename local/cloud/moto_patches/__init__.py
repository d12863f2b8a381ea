"""Changes to moto 5.2.5 that the pipeline needs, one concern a module.

Each module names the upstream issue or pull request, or says that none was found. `tests/local/moto_patches` runs each
check on stock moto as well, where it must fail: after an upgrade, a check that passes there points at a dead patch.
"""

from local.cloud.iam.gate import Gate
from local.cloud.runtime.fleet import Fleet


def install(endpoint_url: str, fleet: Fleet, gate: Gate) -> None:
    """Install all patches in this process. `endpoint_url` is the emulator's address, `gate` authorises calls."""
    from local.cloud.moto_patches import interpreter_clients

    interpreter_clients.install(endpoint_url, gate)  # first: the others import the interpreter, which copies the name

    from local.cloud.moto_patches import (
        actions,
        attribute_values,
        buckets,
        custom_resources,
        dependencies,
        distributed_map,
        event_targets,
        executions,
        express,
        interpreter_errors,
        interpreter_parameters,
        interpreter_parse,
        interpreter_random,
        interpreter_sync,
        interpreter_waits,
        item_readers,
        item_sizes,
        keys,
        lambda_functions,
        layers,
        log_groups,
        object_events,
        object_keys,
        policies,
        resource_types,
        state_machines,
        subscriptions,
        tables,
        template_urls,
        termination,
        topics,
        updates,
    )

    actions.install()
    attribute_values.install()
    lambda_functions.install(fleet, gate)
    layers.install()
    keys.install()
    log_groups.install()
    state_machines.install(gate)
    interpreter_errors.install()
    interpreter_parameters.install()
    interpreter_parse.install()
    interpreter_random.install()
    interpreter_sync.install()
    interpreter_waits.install()
    distributed_map.install(gate)
    item_readers.install()
    item_sizes.install()
    executions.install()
    express.install()
    event_targets.install(gate)
    buckets.install()
    object_events.install()
    object_keys.install()
    subscriptions.install(gate)
    topics.install()
    policies.install()
    tables.install()
    custom_resources.install()
    dependencies.install()
    resource_types.install()
    template_urls.install()
    termination.install()
    updates.install()
