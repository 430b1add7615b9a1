"""`ebike-server authority|checkpoint|agent …`: what an engineer sets up before the first bike."""

from typing import Annotated

import typer

from registry_server.authorities import service
from registry_server.command_line import AuthoritySlug, DatabaseUrl, DataDir, explained, installation, screen
from schemas.signing import key_fingerprint

authority_app = typer.Typer(help="City corporations and pourashavas.", no_args_is_help=True)
checkpoint_app = typer.Typer(help="Surveyed places with readers.", no_args_is_help=True)
agent_app = typer.Typer(help="Programs at checkpoints, known by their keys.", no_args_is_help=True)
Slug = Annotated[str, typer.Argument(help="A short name: a-z, 0-9 and hyphens.")]
NameBn = Annotated[str, typer.Option(help="Its name in Bangla.")]
NameEn = Annotated[str, typer.Option(help="Its name in English.")]


@authority_app.command("add")
@explained
def add_authority(  # noqa: PLR0913, PLR0917 — a command's options are its parameters
    slug: Slug,
    name_bn: NameBn,
    name_en: NameEn,
    plate_prefix_bn: Annotated[str, typer.Option(help="What stands before the number on its plates, in Bangla.")],
    plate_prefix_en: Annotated[str, typer.Option(help="The same in Latin letters, e.g. KCC.")],
    law: Annotated[str, typer.Option(help=f"One of {', '.join(service.LAWS)}.")] = service.LAWS[0],
    number: Annotated[int | None, typer.Option(help="Its number in tags, 1 to 65535; the next free one if not given.")] = None,
    afi: Annotated[
        int, typer.Option(min=1, max=255, help="Application family identifier of its tags; for good, once a tag is written.")
    ] = service.CLOSED_SYSTEM_AFI,
    helpline: Annotated[str, typer.Option(help="The number that pages tell people to call.")] = "",
    wards: Annotated[int | None, typer.Option(help="How many wards it has: the form accepts no higher number.")] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add an authority. Everything else belongs to one."""
    new = service.NewAuthority(slug, name_bn, name_en, plate_prefix_bn, plate_prefix_en, law, number, afi, helpline, wards)
    with installation(data_dir, database_url) as here, here.database.write() as session:
        added = service.add_authority(session, new, here.act(0))
    screen.print(f"{added.slug} is added with the number {added.id}; its tags carry the AFI {afi} (hex {afi:02X}).", highlight=False)


@checkpoint_app.command("add")
@explained
def add_checkpoint(  # noqa: PLR0913, PLR0917 — a command's options are its parameters
    slug: Slug,
    authority: AuthoritySlug,
    name_bn: NameBn,
    name_en: NameEn,
    latitude: Annotated[float, typer.Option(help="Degrees north, e.g. 22.8158.")],
    longitude: Annotated[float, typer.Option(help="Degrees east, e.g. 89.5686.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a checkpoint. Its position lets the registry judge whether one bike can have been at two."""
    new = service.NewCheckpoint(slug, name_bn, name_en, latitude, longitude)
    with installation(data_dir, database_url) as here:
        authority_id = here.get_authority_id(authority)
        with here.database.write(authority_id) as session:
            service.add_checkpoint(session, new, here.act(authority_id))
    screen.print(f"{slug} is added to {authority}.", highlight=False)


@agent_app.command("add")
@explained
def add_agent(
    slug: Slug,
    authority: AuthoritySlug,
    checkpoint: Annotated[str, typer.Option(help="The checkpoint it stands at.")],
    public_key: Annotated[str, typer.Option(metavar="HEX", help="Its public key, 64 hex digits.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add an agent: from now on what it signs counts."""
    with installation(data_dir, database_url) as here:
        authority_id = here.get_authority_id(authority)
        with here.database.write(authority_id) as session:
            agent = service.add_agent(session, service.NewAgent(slug, checkpoint, public_key), here.act(authority_id))
    screen.print(f"{slug} is added at {checkpoint}; key {key_fingerprint(agent.public_key)}.", highlight=False)


@agent_app.command("revoke")
@explained
def revoke_agent(slug: Slug, authority: AuthoritySlug, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Refuse what an agent signs from now on: its box was stolen or replaced."""
    with installation(data_dir, database_url) as here:
        authority_id = here.get_authority_id(authority)
        with here.database.write(authority_id) as session:
            service.revoke_agent(session, slug, here.act(authority_id))
    screen.print(f"{slug} is revoked.", highlight=False)
