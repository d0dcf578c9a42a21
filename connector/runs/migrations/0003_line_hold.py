import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0002_snapshots"),
    ]

    operations = [
        migrations.CreateModel(
            name="LineHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("charge_id", models.CharField(db_index=True, max_length=40)),
                ("partner_id", models.TextField()),
                ("state", models.CharField(max_length=20)),
                ("reason", models.TextField()),
                ("by", models.CharField(max_length=100)),
                ("at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="runs.run"),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
    ]
