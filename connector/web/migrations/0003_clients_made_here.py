"""Clients made here; what was made of them is refused to be changed, and none of them is deleted."""

import django.db.models.deletion
from django.db import migrations, models

_REFUSE = "BEGIN SELECT RAISE(ABORT, 'what was made is append-only'); END"
_GUARDED = (("made", "DELETE"), ("madestep", "UPDATE"), ("madestep", "DELETE"))


class Migration(migrations.Migration):
    dependencies = [
        ("web", "0002_deeds_stay"),
    ]

    operations = [
        migrations.CreateModel(
            name="Made",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("partner_id", models.CharField(db_index=True, max_length=100)),
                ("name", models.CharField(max_length=200)),
                ("domain", models.CharField(max_length=255)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="MadeStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=40)),
                ("by", models.CharField(max_length=100)),
                ("at", models.DateTimeField()),
                ("row", models.JSONField()),
                ("told", models.TextField(blank=True)),
                (
                    "made",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="web.made"),
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
