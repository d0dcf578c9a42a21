import django.db.models.deletion
from django.db import migrations, models

# The index that the wider one below replaces, and its twin on PostgreSQL. A table is not made anew for that.
_OWNER = "client_alias_client_id_a1db91b5"


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_adjustments"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="clientalias",
            index=models.Index(fields=["client", "kind"], name="client_alias_owner"),
        ),
        migrations.AddIndex(
            model_name="clientversion",
            index=models.Index(fields=["row_digest", "client", "sequence"], name="client_version_contents"),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f'DROP INDEX IF EXISTS "{name}"', migrations.RunSQL.noop)
                for name in (_OWNER, f"{_OWNER}_like")
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="clientalias",
                    name="client",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to="ledger.client"
                    ),
                ),
            ],
        ),
    ]
