"""docs/security.md says of each role for persons what the template grants it."""

from scripts.sections import read_section
from tests.infra import rights
from tests.infra.synthesis import Template


def test_the_table_of_rights_is_that_of_the_template(moderation: Template) -> None:
    written = read_section(rights.PAGE, rights.SECTION)

    assert written == rights.table(moderation), "Run `python -m tests.infra.rights`."
    for role in rights.ROLES:
        assert f"`{role}RoleArn`" in written
