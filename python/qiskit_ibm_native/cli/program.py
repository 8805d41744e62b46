# SPDX-License-Identifier: Apache-2.0
"""Verbs as commands of Typer: loaded when they are used, with options on either side, and suggestions for mistakes."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from .helping import write_help
from .shells import COMPLETING, INSTALL, NAME, SHOW, answer_shell, install, show, with_shell
from .verbs import SECTIONS, VERBS, Verb

_VERB = "VERB ..."
#: What shells ask for has these names of options, too.
_SETTINGS = {"help_option_names": ["-h", "--help"]}
_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)
#: The class of all errors of wrong use. Typer names its children only.
_WrongUseError: Any = typer.BadParameter.__base__


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the verb that the arguments name, and return its exit status.

    Raises:
        SystemExit: The arguments are wrong, or a shell asked for completions.
    """
    program = _program()
    if os.environ.get(COMPLETING):
        answer_shell(program)
    given = with_shell(list(sys.argv[1:] if arguments is None else arguments))
    try:
        with program.make_context(NAME, given) as context:
            status = program.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        return 130
    except _WrongUseError as error:
        _refuse(error)
    return status if isinstance(status, int) else 0


def _program() -> Any:
    app = typer.Typer(
        name=NAME, cls=VerbGroup, callback=_root, add_completion=False, context_settings=_SETTINGS, subcommand_metavar=_VERB,
        rich_markup_mode=None,
    )  # fmt: skip
    program: Any = get_command(app)
    program.verbs, program.sections = VERBS, SECTIONS
    return _lightened(program)


def _version(value: bool) -> None:
    if value:
        from .. import __version__
        from .output import write

        write(f"{NAME} {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    install_completion: Annotated[
        str | None,
        typer.Option(
            INSTALL, metavar="[SHELL]", callback=install, is_eager=True, help="Have bash, zsh or fish complete by TAB."
        ),
    ] = None,
    show_completion: Annotated[
        str | None,
        typer.Option(
            SHOW, metavar="[SHELL]", callback=show, is_eager=True, help="Print what that adds to the shell's settings."
        ),
    ] = None,
) -> None:
    """IBM Quantum devices in Qiskit, without waiting: devices, calibrations, circuits and jobs at the keyboard."""


class VerbCommand(TyperCommand):
    """A verb."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option ``--help``."""
        return _lightened_option(super().get_help_option(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        write_help(self, ctx, formatter)


class VerbGroup(TyperGroup):
    """A family of verbs, or the program.

    Attributes:
        verbs: The verbs by name.
        sections: The same by the heading under which they are listed.
        default: The verb that is meant if none is named; empty for none.
    """

    verbs: Mapping[str, Verb] = {}
    sections: Mapping[str, Mapping[str, Verb]] = {}
    default = ""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (Typer's)
        """Return the names of the verbs."""
        return list(self.verbs)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 (Typer's)
        """Return what lists and completions show of a verb; its module is not imported for that."""
        verb = self.verbs.get(cmd_name)
        return None if verb is None else TyperCommand(cmd_name, help=verb.help, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name of a verb, its command, and the rest of the arguments."""
        name, *rest = args
        if name in self.verbs:
            return name, command_of(name, self.verbs[name]), rest
        if not ctx.resilient_parsing:
            # Below ``account`` it may be an API key.
            told = "There is no such verb." if self.name == "account" else f"There is no verb {name!r}."
            ctx.fail(f"{told}{did_you_mean(name, self._known_words())}")
        return None, None, rest

    def _known_words(self) -> dict[str, str]:
        """Return the words that a mistyped verb may be, and what is to be typed for each of them."""
        words = {name: f"{family} {name}" for family, verb in self.verbs.items() for name in verb.verbs}
        return words | {name: name for name in self.verbs}

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse arguments, after options that stand before their verb were moved behind it."""
        if not args and not ctx.resilient_parsing:
            # Without a verb nothing is done, which a script must not take for success.
            sys.stderr.write(f"{ctx.get_help()}\n")
            raise typer.Exit(2)
        if self.default and not self._names_verb(ctx, args):
            args = [self.default, *args]
        return super().parse_args(ctx, self._sorted(ctx, args))

    def _names_verb(self, ctx: Any, args: Sequence[str]) -> bool:
        """Return whether arguments name a verb, if only a mistyped one; otherwise they are those of the default."""
        if not args or args[0].startswith("-"):
            return any(arg in self.verbs or arg in ctx.help_option_names for arg in args)
        # A file may be called as a verb is, nearly.
        return args[0] in self.verbs or (did_you_mean(args[0], self.verbs) != "" and not os.path.exists(args[0]))  # noqa: PTH110 (a text)

    def _sorted(self, ctx: Any, args: list[str]) -> list[str]:
        own = {option for param in self.get_params(ctx) for option in (*param.opts, *param.secondary_opts)}
        if not args or not args[0].startswith("-") or name_of(args[0]) in own:
            # A page of help is all that is wanted then.
            return args[:1] if args[:1] and args[0] in ctx.help_option_names else args
        at = self._place(args)
        if at is not None:
            return [args[at], *args[:at], *args[at + 1 :]]
        if not ctx.resilient_parsing:
            ctx.fail(f"{args[0]} is an option of verbs; the verb is missing.")
        return args

    def _place(self, args: Sequence[str]) -> int | None:
        """Return the place of the verb among arguments that begin with an option."""
        for at in self._candidates(args):
            if _takes(command_of(args[at], self.verbs[args[at]]), args, at):
                return at
        # The verb says what is wrong with the option; or the word is a mistyped verb.
        words = (at for at, arg in enumerate(args) if not arg.startswith("-"))
        return next(self._candidates(args), next(words, None))

    def _candidates(self, args: Sequence[str]) -> Iterator[int]:
        """Return the places of words that are names of verbs; the value of an option may be one of them."""
        return (at for at, arg in enumerate(args) if arg in self.verbs)

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option ``--help``."""
        return _lightened_option(super().get_help_option(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        write_help(self, ctx, formatter)


def command_of(name: str, verb: Verb) -> Any:
    """Import a verb and return its command."""
    if verb.verbs:
        family = VerbGroup(
            name=name, help=f"{verb.help[0].upper()}{verb.help[1:]}.", subcommand_metavar=_VERB, rich_markup_mode=None
        )
        family.verbs, family.sections, family.default = verb.verbs, {"Verbs": verb.verbs}, verb.default
        return family
    function = verb.function()
    text, _, examples = (inspect.getdoc(function) or "").partition("\nExamples:\n")
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=VerbCommand, help=text.strip(), epilog=inspect.cleandoc(f"\n{examples}"))(function)
    return _lightened(get_command(app))


def _lightened(command: Any) -> Any:
    """Return a command whose parameters convert neither texts to texts nor what was not given.

    Typer asks pydantic to do that, which takes as long to import as Typer itself.
    """
    for param in command.params:
        _lightened_option(param)
    return command


def _lightened_option(param: Any) -> Any:
    if param is not None and not isinstance(param.process_value, partial):
        param.process_value = partial(_process, param, param.process_value)
    return param


def _process(param: Any, process: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    # Early versions of Typer count the values of options that take several, and cannot count those of none.
    nothing = () if getattr(param, "multiple", False) or param.nargs != 1 else None
    is_text = isinstance(value, str) and _annotation(param) is str
    if not is_text and (value is not None or param.required) and not context.resilient_parsing:
        return process(context, value)
    value = nothing if value is None else value
    if param.callback is not None and not context.resilient_parsing:
        # Shells that complete want to know what was typed, right or wrong.
        value = param.callback(context, param, value)
    return nothing if value is None else value


def _annotation(param: Any) -> Any:
    """Return the type of a parameter; ``None`` in versions of Typer that convert by themselves."""
    return getattr(getattr(param, "type_descriptor", None), "annotation", None)


def _takes(command: Any, args: Sequence[str], at: int) -> bool:
    """Return whether all arguments before a verb are options of that verb, with their values."""
    if isinstance(command, VerbGroup):
        before, rest = args[:at], args[at + 1 :]
        return any(
            _takes(command_of(rest[k], command.verbs[rest[k]]), [*before, *rest[: k + 1]], at + k)
            for k in command._candidates(rest)
        )
    values = {option: _values(param) for param in command.params for option in (*param.opts, *param.secondary_opts)}
    place = 0
    while place < at:
        name = name_of(args[place])
        if name not in values:
            return False
        place += 1 + (0 if "=" in args[place] else values[name])
    return place == at


def _values(param: Any) -> int:
    """Return how many words follow an option."""
    is_counted = getattr(param, "is_flag", False) or getattr(param, "count", False)
    return 0 if is_counted else int(param.nargs)


def name_of(argument: str) -> str:
    """Return the name of an option without the value that is written with it."""
    return argument.partition("=")[0]


def did_you_mean(word: str, known: Iterable[str] | Mapping[str, str]) -> str:
    """Return a sentence with the known words that are like a mistyped one; empty if there are none.

    Args:
        word: The mistyped word.
        known: The words, or by these what is to be typed instead.
    """
    typed = known if isinstance(known, Mapping) else {each: each for each in known}
    near = [typed[each] for each in get_close_matches(word, list(typed), n=1, cutoff=0.6)]
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""


def _refuse(error: Any) -> None:
    """Say in one line what is wrong with the arguments, and end."""
    from .output import message, printable

    path = NAME if error.ctx is None else error.ctx.command_path
    message(f"{printable(_reason(error, path))} See '{path} --help'.")
    raise SystemExit(2)


def _reason(error: Any, path: str) -> str:
    verb = path.removeprefix(NAME).strip() or NAME
    kind = type(error).__name__
    if kind == "NoSuchOption":
        known = [option for param in error.ctx.command.get_params(error.ctx) for option in param.opts]
        return f"{verb} has no option {error.option_name!r}.{did_you_mean(error.option_name, known)}"
    if kind == "MissingParameter":
        name = error.param.metavar or error.param.opts[0]
        return f"{verb} needs {name if error.param.param_type_name == 'argument' else error.param.opts[0]}."
    text = error.format_message().removeprefix("Invalid value: ").strip()
    if (extra := _EXTRA.match(text)) and verb.startswith("account"):
        # It may be an API key.
        return f"{verb} takes no further arguments."
    if extra:
        return f"{verb} takes no argument {extra[1]!r}."
    if text.startswith("Invalid value for "):
        place, _, problem = text.removeprefix("Invalid value for ").partition(": ")
        text = f"{place.replace(chr(39), '')}: {problem}"
    return text if text.endswith((".", "?")) else f"{text}."
