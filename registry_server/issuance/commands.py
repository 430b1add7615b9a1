"""`ebike-server desk …`: the programs beside the officers' USB readers; `qr-key`: what checks the codes that are printed."""

import json
import secrets
import sys
from typing import Annotated

import typer

from registry_server.command_line import AsJson, AuthoritySlug, DatabaseUrl, DataDir, explained, installation, screen
from registry_server.errors import Conflict, SetupError
from registry_server.issuance import desks
from registry_server.people.keys import keys_of
from schemas.errors import ContractError
from schemas.identifiers import Name
from schemas.signing import public_key_of

app = typer.Typer(help="Desks that write tags.", no_args_is_help=True)
TOKEN_BYTES = 32
DeskName = Annotated[str, typer.Argument(help="A short name: a-z, 0-9 and hyphens, e.g. nagar-bhaban-1.")]


@app.command("add")
@explained
def add(
    name: DeskName,
    authority: AuthoritySlug,
    as_json: AsJson = False,  # noqa: FBT002 — a flag
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a desk and print its token. The token is shown this once; only its hash is kept."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with installation(data_dir, database_url) as here:
        authority_id = here.get_authority_id(authority)
        try:
            with here.database.write(authority_id) as session:
                desks.add_desk(session, _desk_name(name), token, act=here.act(authority_id))
        except Conflict:
            raise SetupError(f"{authority} has a desk {name} already; choose another name") from None
    if as_json:
        sys.stdout.write(json.dumps({"desk": name, "token": token}) + "\n")
    else:
        screen.print(f"{name} is added to {authority}. Its token, shown only now:", highlight=False)
        sys.stdout.write(token + "\n")


@app.command("revoke")
@explained
def revoke(name: DeskName, authority: AuthoritySlug, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Close a desk: its token opens nothing any more. What it wrote stays."""
    with installation(data_dir, database_url) as here:
        authority_id = here.get_authority_id(authority)
        with here.database.write(authority_id) as session:
            desks.revoke_desk(session, name, act=here.act(authority_id))
    screen.print(f"{name} is closed.", highlight=False)


def _desk_name(typed: str) -> str:
    try:
        return Name(typed)
    except ContractError as error:
        raise SetupError(f"the name of a desk: expected {error.expected}, found {error.found}") from error


def qr_key(
    authority: Annotated[str, typer.Argument(help="The authority's short name, e.g. kcc.")],
    *,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print the public key that checks the proof codes on an authority's plates and cards, without a network."""
    with installation(data_dir, database_url) as here:
        keys = keys_of(here.settings, here.database).qr_keys(here.get_authority_id(authority))
    public_key = public_key_of(keys.private_key).hex()
    said = json.dumps({"authority": authority, "key_id": keys.key_id, "public_key": public_key})
    screen.print(said if as_json else f"{authority}: key {keys.key_id}, Ed25519 {public_key}", highlight=False)
