import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models

from connector.ledger.models.checks import SQLiteCheck


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ledger", "0003_registers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Outbox",
            fields=[
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        serialize=False,
                        to="ledger.document",
                    ),
                ),
                ("number", models.TextField()),
                ("tenant", models.TextField()),
                ("state", models.TextField()),
                ("fence", models.BigIntegerField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.BigIntegerField()),
                ("epoch", models.BigIntegerField()),
                ("first_sent", models.DateTimeField(null=True)),
                ("last_sent", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(null=True)),
                ("body_digest", models.TextField()),
                ("request", models.TextField()),
                ("detail", models.TextField()),
            ],
            options={
                "db_table": "outbox",
                "indexes": [models.Index(fields=["tenant", "state"], name="outbox_tenant_state")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "number"), name="outbox_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["done", "quarantined", "ready", "rejected", "retry", "sending"])
                        ),
                        name="outbox_state_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("fence__gte", 0)), name="outbox_fence_least"),
                    models.CheckConstraint(condition=models.Q(("attempts__gte", 0)), name="outbox_attempts_least"),
                    models.CheckConstraint(condition=models.Q(("epoch__gte", 0)), name="outbox_epoch_least"),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("fence"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="outbox_fence_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("attempts"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="outbox_attempts_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("epoch"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="outbox_epoch_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_until__isnull", False), ("state", "sending")),
                            models.Q(models.Q(("state", "sending"), _negated=True), ("lease_until__isnull", True)),
                            _connector="OR",
                        ),
                        name="outbox_lease_while_sending",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TenantHold",
            fields=[
                ("tenant", models.TextField(primary_key=True, serialize=False)),
                ("not_before", models.DateTimeField()),
                ("reason", models.TextField()),
            ],
            options={
                "db_table": "tenant_hold",
            },
        ),
    ]
