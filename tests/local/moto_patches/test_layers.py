"""Layers of a stack that is deleted."""

from tests.local.moto_patches.cloud import Cloud, uploaded_code


def test_a_layer_is_deleted_with_its_stack(cloud: Cloud) -> None:
    layer = {"Content": uploaded_code(cloud)}
    stack = cloud.stack({"Layer": ("AWS::Lambda::LayerVersion", layer)})

    def names() -> list[str]:
        found = [layer["LayerName"] for layer in cloud.client("lambda").list_layers()["Layers"]]
        return [name for name in found if name.startswith(stack.name)]

    assert names()
    stack.delete()
    assert not names()
