"""The database refuses to change or delete what is noted."""

from django.db import migrations

_REFUSE = "BEGIN SELECT RAISE(ABORT, 'what was done is append-only'); END"


class Migration(migrations.Migration):
    dependencies = [("web", "0001_people_and_works")]

    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER deed_no_{verb.lower()} BEFORE {verb} ON web_deed {_REFUSE}",
            f"DROP TRIGGER deed_no_{verb.lower()}",
        )
        for verb in ("UPDATE", "DELETE")
    ]
