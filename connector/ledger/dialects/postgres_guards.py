"""What keeps rows from being changed on PostgreSQL: triggers that refuse, and a role that has not the right to ask.

The tables lie in a schema of their own, whose comment says that it is a ledger and which guards it has. The triggers
fire even where a session has switched triggers off as replication does. Only the tables' owner and a superuser can take
them away; the hash chain finds what these do.

A stranger's trap: each text is written as PostgreSQL shows it, because it is compared letter by letter at every open.
"""

from collections.abc import Iterator, Mapping, Sequence

from connector.ledger.conditions import (
    ADJUSTMENT_FITS,
    ADJUSTMENT_REFUSED,
    CREDIT_IS_WHOLE,
    CREDIT_REFUSED,
    REVISION_REFUSED,
    REVISION_STANDS,
    refusal,
)
from connector.ledger.schemas import APPEND_ONLY

SCHEMA = "connector"
ROLE = "connector_app"
MARK = "partner billing ledger, guards "
_FUNCTION = "guard_refuse"
_REVISION, _CREDIT, _ADJUSTMENT = "guard_unless_credited", "guard_unless_whole", "guard_unless_billed"
_CONDITIONS = {_REVISION: REVISION_STANDS, _CREDIT: CREDIT_IS_WHOLE, _ADJUSTMENT: ADJUSTMENT_FITS}
_FUNCTIONS = (_FUNCTION, *_CONDITIONS)
_VERBS = ("UPDATE", "DELETE", "TRUNCATE")
GUARDS = f"""
SELECT tgname, pg_get_triggerdef(pg_trigger.oid) || CASE tgenabled WHEN 'A' THEN '' ELSE ' (not always)' END,
       'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass
  FROM pg_trigger WHERE NOT tgisinternal AND starts_with(tgname, 'guard_')
   AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = '{SCHEMA}'::regnamespace)
UNION ALL
SELECT proname, rtrim(pg_get_functiondef(pg_proc.oid), chr(10)),
       'DROP FUNCTION ' || pg_proc.oid::regprocedure || ' CASCADE'
  FROM pg_proc WHERE proname IN {_FUNCTIONS} AND pronamespace = '{SCHEMA}'::regnamespace
"""  # noqa: S608 - our own names
VERSION = f"""
SELECT coalesce(substring(obj_description('{SCHEMA}'::regnamespace, 'pg_namespace') FROM '[0-9]+$')::bigint, 0)
"""  # noqa: S608 - as above

DESCRIPTION = f"""
SELECT format('PostgreSQL %s, as %s for the login %s, which %s', current_setting('server_version'), current_user,
              session_user, CASE WHEN pg_has_role(session_user, nspowner, 'USAGE')
                THEN 'owns the tables and may migrate them' ELSE 'may not migrate' END)
  FROM pg_namespace WHERE nspname = '{SCHEMA}'
"""  # noqa: S608 - as above

# A login that may not make roles can use one that an administrator has made and given to it.
_MAKE_ROLE = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
    CREATE ROLE {ROLE} NOLOGIN;
  END IF;
  IF NOT {{may_be}} THEN
    GRANT {ROLE} TO CURRENT_USER;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$
"""
# Superusers may be any role; from version 16 on, membership alone is not yet the right to act as the role.
MAY_BE = f"""(SELECT pg_has_role(oid, CASE WHEN current_setting('server_version_num')::int >= 160000
  THEN 'SET' ELSE 'MEMBER' END) FROM pg_roles WHERE rolname = '{ROLE}')"""  # noqa: S608 - our own names


def guards() -> Mapping[str, str]:
    """One function that refuses, three that refuse by what is in the ledger, and the triggers that call them."""
    refuse = "  RAISE EXCEPTION '%', TG_ARGV[0];\n"
    functions = {_FUNCTION: refuse}
    for name, condition in _CONDITIONS.items():
        functions[name] = f"  IF NOT {condition.format(f'{SCHEMA}.')} THEN\n  {refuse}  END IF;\n  RETURN NEW;\n"
    made = {name: _function(name, body) for name, body in functions.items()}
    return {**made, **{name: text for table in APPEND_ONLY for name, text in _of(table)}}


def _function(name: str, body: str) -> str:
    head = f"CREATE OR REPLACE FUNCTION {SCHEMA}.{name}()\n RETURNS trigger\n LANGUAGE plpgsql\nAS $function$\n"
    return f"{head}BEGIN\n{body}END\n$function$"


def _of(table: str) -> Iterator[tuple[str, str]]:
    for verb in _VERBS:
        name = f"guard_{table}_{verb.lower()}"
        yield name, _trigger(name, f"BEFORE {verb} ON {SCHEMA}.{table} FOR EACH STATEMENT", refusal(table, verb))
    if table == "charge":
        name = "guard_charge_revision"
        when = f"BEFORE INSERT ON {SCHEMA}.charge FOR EACH ROW WHEN ((new.revision > 1))"
        yield name, _trigger(name, when, REVISION_REFUSED, _REVISION)
    if table == "credit":
        name = "guard_credit_amount"
        yield name, _trigger(name, f"BEFORE INSERT ON {SCHEMA}.credit FOR EACH ROW", CREDIT_REFUSED, _CREDIT)
    if table == "adjustment":
        name = "guard_adjustment_charge"
        when = f"BEFORE INSERT ON {SCHEMA}.adjustment FOR EACH ROW"
        yield name, _trigger(name, when, ADJUSTMENT_REFUSED, _ADJUSTMENT)


def _trigger(name: str, when: str, told: str, function: str = _FUNCTION) -> str:
    return f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}('{told}')"


def completion(name: str) -> Sequence[str]:
    """A trigger that fires always, whatever a session has set."""
    return () if name in _FUNCTIONS else (f"ALTER TABLE {_table(name)} ENABLE ALWAYS TRIGGER {name}",)


def _table(trigger: str) -> str:
    return f"{SCHEMA}.{trigger.removeprefix('guard_').rpartition('_')[0]}"


def rights() -> Sequence[str]:
    """The role that the program works as, with no right to change what is append-only."""
    fixed = ", ".join(f'{SCHEMA}."{table}"' for table in APPEND_ONLY)
    return (
        _MAKE_ROLE.format(may_be=MAY_BE),
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {ROLE}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM PUBLIC, {ROLE}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {ROLE}",
        f"REVOKE UPDATE, DELETE ON {fixed} FROM {ROLE}",
        f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.django_migrations FROM {ROLE}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {ROLE}",
    )


def mark(version: int) -> str:
    """The version stands in the schema's comment, which also says whose schema it is."""
    return f"COMMENT ON SCHEMA {SCHEMA} IS '{MARK}{version:d}'"


# What the role has and must not have, on top of its triggers.
EXCESS = f"""
SELECT right_ || ' on ' || tablename FROM pg_tables, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS right_
 WHERE schemaname = '{SCHEMA}' AND tablename IN ({", ".join(f"'{table}'" for table in APPEND_ONLY)})
   AND (has_table_privilege('{ROLE}', format('%I.%I', schemaname, tablename), right_)
        OR right_ = 'UPDATE' AND has_any_column_privilege('{ROLE}', format('%I.%I', schemaname, tablename), right_))
UNION ALL
SELECT 'the tables of ' || rolname FROM pg_roles, pg_namespace
 WHERE nspname = '{SCHEMA}' AND rolname = '{ROLE}' AND pg_has_role(rolname, nspowner, 'USAGE')
UNION ALL
SELECT 'everything, as a superuser' FROM pg_roles WHERE rolname = '{ROLE}' AND rolsuper
"""  # noqa: S608 - our own names
