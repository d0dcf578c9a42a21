import django.db.models.lookups
from django.db import migrations, models

from connector.ledger.models.checks import SQLiteCheck


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ledger", "0002_billing"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChainLink",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("entity", models.TextField()),
                ("sequence", models.BigIntegerField()),
                ("payload_digest", models.TextField()),
                ("previous", models.TextField()),
                ("digest", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "chain_link",
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "sequence"), name="chain_link_key"),
                    models.CheckConstraint(condition=models.Q(("sequence__gte", 1)), name="chain_link_sequence_least"),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("sequence"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="chain_link_sequence_whole",
                    ),
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="chain_link_id_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainHead",
            fields=[
                ("entity", models.TextField(primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField()),
                ("digest", models.TextField()),
            ],
            options={
                "db_table": "chain_head",
            },
        ),
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entity", models.TextField()),
                ("kind", models.TextField()),
                ("last", models.BigIntegerField()),
            ],
            options={
                "db_table": "counter",
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "kind"), name="counter_key"),
                    models.CheckConstraint(condition=models.Q(("last__gte", 0)), name="counter_last_least"),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("last"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="counter_last_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tenant", models.TextField()),
                ("partner_id", models.TextField()),
                ("contact_id", models.TextField()),
                ("how", models.TextField()),
            ],
            options={
                "db_table": "contact_link",
                "constraints": [models.UniqueConstraint(fields=("tenant", "partner_id"), name="contact_link_key")],
            },
        ),
        migrations.CreateModel(
            name="Personal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner_type", models.TextField()),
                ("owner_id", models.TextField()),
                ("field", models.TextField()),
                ("value", models.TextField()),
            ],
            options={
                "db_table": "personal",
                "constraints": [
                    models.UniqueConstraint(fields=("owner_type", "owner_id", "field"), name="personal_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerKey",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("value", models.TextField()),
            ],
            options={
                "db_table": "ledger_key",
            },
        ),
    ]
