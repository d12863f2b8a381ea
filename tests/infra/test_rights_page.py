"""docs/security.md says of each role for persons what the template grants it."""

from scripts.release import rights_page
from scripts.sections import read_section
from tests.infra.synthesis import Template


def test_the_table_of_rights_is_that_of_the_template(moderation: Template) -> None:
    written = read_section(rights_page.PAGE, rights_page.SECTION)

    assert written == rights_page.table(moderation), "Run `python -m scripts.release.rights_page`."
    for role in rights_page.ROLES:
        assert f"`{role}RoleArn`" in written
