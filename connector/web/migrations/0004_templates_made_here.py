"""Templates made here; neither they nor what was made of them can be changed or deleted."""

import django.db.models.deletion
from django.db import migrations, models

_REFUSE = "BEGIN SELECT RAISE(ABORT, 'what was made is append-only'); END"
_GUARDED = [(table, verb) for table in ("madetemplate", "templatestep") for verb in ("UPDATE", "DELETE")]


class Migration(migrations.Migration):
    dependencies = [
        ("web", "0003_clients_made_here"),
    ]

    operations = [
        migrations.CreateModel(
            name="MadeTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("partner_id", models.CharField(db_index=True, max_length=100)),
                ("plan", models.CharField(max_length=20)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="TemplateStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=100)),
                ("day", models.CharField(max_length=10)),
                ("by", models.CharField(max_length=100)),
                ("at", models.DateTimeField()),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="web.madetemplate"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON web_{table} {_REFUSE}",
                f"DROP TRIGGER {table}_no_{verb.lower()}",
            )
            for table, verb in _GUARDED
        ),
    ]
