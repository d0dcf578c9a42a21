"""What several tables share. Whole numbers are checked by type: SQLite stores a fraction in any column."""

from collections.abc import Collection

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import CharField, CheckConstraint, F, Func, Model, Q, TextField, Value
from django.db.models.functions import Length
from django.db.models.lookups import Exact

CURRENCY_LENGTH = 3


class Sealed(Model):
    """A row under a link of the hash chain: the link's batch, and the digest of what the row says."""

    batch = TextField(null=True)  # noqa: DJ001 - null: outside of every link, which `verify` reports
    entry_digest = TextField(null=True)  # noqa: DJ001 - as above

    class Meta:
        """No table of its own."""

        abstract = True


class SQLiteCheck(CheckConstraint):
    """A constraint that only SQLite needs: on PostgreSQL the column's type says it."""

    def constraint_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """Nothing on another database: a table is made of the constraints that say something."""
        return str(super().constraint_sql(model, schema_editor)) if _on_sqlite(schema_editor) else ""

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """As above, for a table that is there; SQLite makes the table anew by itself."""
        return str(super().create_sql(model, schema_editor)) if _on_sqlite(schema_editor) else ""

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """As above."""
        return str(super().remove_sql(model, schema_editor)) if _on_sqlite(schema_editor) else ""


def _on_sqlite(schema_editor: BaseDatabaseSchemaEditor | None) -> bool:
    return schema_editor is not None and schema_editor.connection.vendor == "sqlite"


def whole(table: str, *columns: str) -> list[SQLiteCheck]:
    """One constraint per column: what is stored is an integer, not a fraction or a text."""
    return [
        SQLiteCheck(
            name=f"{table}_{column}_whole",
            condition=Exact(Func(F(column), function="TYPEOF", output_field=CharField()), Value("integer")),
        )
        for column in columns
    ]


def one_of(table: str, column: str, words: Collection[str]) -> CheckConstraint:
    """The column holds one of a closed list of words."""
    return CheckConstraint(name=f"{table}_{column}_known", condition=Q(**{f"{column}__in": sorted(words)}))


def at_least(table: str, column: str, least: int) -> CheckConstraint:
    """The column is not below `least`."""
    return CheckConstraint(name=f"{table}_{column}_least", condition=Q(**{f"{column}__gte": least}))


def positive_id(table: str) -> CheckConstraint:
    """Automatic ids start at 1: an unset id is −1 in a BEFORE INSERT trigger, so a row −1 would stop all inserts."""
    return CheckConstraint(name=f"{table}_id_positive", condition=Q(id__gte=1))


def currency(table: str) -> CheckConstraint:
    """The currency is a code of three letters."""
    return CheckConstraint(name=f"{table}_currency_code", condition=Exact(Length("currency"), Value(CURRENCY_LENGTH)))
