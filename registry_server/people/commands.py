"""`ebike-server user …`: the first officer of an installation, and help for one who is locked out."""

import json
import sys
from typing import Annotated

import typer
from rich.text import Text

from registry_server.command_line import AsJson, AuthoritySlug, DatabaseUrl, DataDir, explained, installation, screen
from registry_server.people import service
from registry_server.people.models import Role
from registry_server.people.passwords import hash_new_password, one_time_password
from registry_server.people.queries import get_officer

app = typer.Typer(help="Officers who sign in.", no_args_is_help=True)
SignInName = Annotated[str, typer.Argument(help="The name to sign in with, e.g. nasrin.akter.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the one-time password from standard input.")]


@app.command("add")
@explained
def add(  # noqa: PLR0913, PLR0917 — a command's options are its parameters
    name: SignInName,
    role: Annotated[Role, typer.Option(help="What the officer may do.")],
    authority: AuthoritySlug,
    full_name: Annotated[str, typer.Option(help="The officer's name as colleagues write it.")],
    password_stdin: PasswordStdin = False,  # noqa: FBT002 — a flag
    as_json: AsJson = False,  # noqa: FBT002 — a flag
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add an officer and print a one-time password. At the first sign-in the officer chooses their own."""
    password = _password(from_stdin=password_stdin)
    password_hash = hash_new_password(password, service.sign_in_name_of(name))
    with installation(data_dir, database_url) as here:
        authority_id = here.get_authority_id(authority)
        with here.database.write(authority_id) as session:
            officer = service.add_officer(session, service.NewOfficer(name, full_name, role, password_hash), here.act(authority_id))
    _show(officer.sign_in_name, None if password_stdin else password, as_json=as_json)


@app.command("password")
@explained
def password(
    name: SignInName,
    password_stdin: PasswordStdin = False,  # noqa: FBT002 — a flag
    as_json: AsJson = False,  # noqa: FBT002 — a flag
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give an officer a new one-time password. Wherever they are signed in, they are signed out."""
    new = _password(from_stdin=password_stdin)
    new_hash = hash_new_password(new, service.sign_in_name_of(name))
    with installation(data_dir, database_url) as here, here.database.write() as session:
        officer = get_officer(session, service.sign_in_name_of(name))
        service.give_one_time_password(session, officer, new_hash, here.act(officer.authority_id))
    _show(officer.sign_in_name, None if password_stdin else new, as_json=as_json)


@app.command("disable")
@explained
def disable(name: SignInName, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Sign an officer out everywhere and let them in no more. What they did stays in the log."""
    with installation(data_dir, database_url) as here, here.database.write() as session:
        officer = get_officer(session, service.sign_in_name_of(name))
        service.disable_officer(session, officer, here.act(officer.authority_id))
    screen.print(f"{officer.sign_in_name} is disabled.", highlight=False)


@app.command("enable")
@explained
def enable(name: SignInName, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Let a disabled officer sign in again."""
    with installation(data_dir, database_url) as here, here.database.write() as session:
        officer = get_officer(session, service.sign_in_name_of(name))
        service.enable_officer(session, officer, here.act(officer.authority_id))
    screen.print(f"{officer.sign_in_name} may sign in again.", highlight=False)


def _password(*, from_stdin: bool) -> str:
    return sys.stdin.readline().strip() if from_stdin else one_time_password()


def _show(name: str, one_time: str | None, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"sign_in_name": name, "one_time_password": one_time}) + "\n")
    elif one_time:
        sentence = Text.assemble(f"{name} signs in once with the password ", (one_time, "bold"), " and then chooses another.")
        screen.print(sentence, soft_wrap=True)
    else:
        screen.print(f"{name} signs in once with the password given and then chooses another.", highlight=False)
