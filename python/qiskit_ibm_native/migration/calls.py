# SPDX-License-Identifier: Apache-2.0
"""Calls that are made in another way today: ``execute``, methods of IBMQ, of backends and of circuits."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from .arguments import KEY_IS_NEEDED, adapted, is_of_2023, replacing_arguments
from .imports import REPLACED
from .names import NEW, OLD
from .source import Edit, Edited, Source, Wanted, argument, dotted, root_of, text_of

#: Arguments of execute() that transpile() takes today.
_OF_TRANSPILE = (
    "basis_gates",
    "coupling_map",
    "initial_layout",
    "seed_transpiler",
    "optimization_level",
    "scheduling_method",
)
#: Arguments that neither transpile() nor run() take.
_OF_NOBODY = (
    "backend_properties",
    "pass_manager",
    "qobj_id",
    "qobj_header",
    "default_qubit_los",
    "default_meas_los",
    "qubit_lo_range",
    "meas_lo_range",
    "schedule_los",
    "memory_slots",
    "memory_slot_size",
    "rep_time",
    "parameter_binds",
    "schedule_circuit",
    "inst_map",
    "meas_map",
)
_EXECUTE = "Qiskit has no execute() any more."
_IBMQ = "IBMProvider replaces IBMQ."
#: Methods of IBMQ: what to call today, and names of the arguments without keywords.
_IBMQ_METHODS = {
    "delete_account": ("IBMProvider.delete_account", ()),
    "enable_account": ("IBMProvider", ("token", "url", "hub", "group", "project")),
    "get_provider": ("IBMProvider", ("hub", "group", "project")),
    "load_account": ("IBMProvider", ()),
    "save_account": ("IBMProvider.save_account", ("token", "url", "hub", "group", "project", "overwrite")),
}
_IBMQ_ADVICE = {
    "active_account": "Use active_account() of the provider",
    "disable_account": "Use close() of the provider",
    "providers": "There is one provider for all instances of an account: IBMProvider()",
    "stored_account": "Use IBMProvider.saved_accounts()",
    "update_account": "Save it again: IBMProvider.save_account(..., overwrite=True)",
}
_CIRCUIT_METHODS = {
    "bind_parameters": "assign_parameters", "cnot": "cx", "cu1": "cp", "fredkin": "cswap", "mct": "mcx", "toffoli": "ccx",
    "u1": "p", "u3": "u",
}  # fmt: skip
_CIRCUIT_ADVICE = {
    "c_if": "Conditions are blocks: `with circuit.if_test((register, value)):`",
    "cu3": "Use circuit.cu(theta, phi, lam, 0, control, target)",
    "qasm": "Use qiskit.qasm2.dumps(circuit), or qasm2.dump(circuit, file)",
    "u2": "Use circuit.u(pi / 2, phi, lam, qubit)",
}


def rewrite_execute(source: Source) -> None:
    """Ask for ``backend.run(transpile(...))`` in place of ``execute(...)``."""
    for call in source.all(cst.Call):
        name = source.name_of(call.func)
        if name is None or REPLACED.get(name) != ("qiskit", "transpile"):
            continue
        problem = _problem_of_execute(source, call)
        if problem is not None:
            source.leave(call, f"{_EXECUTE} Use backend.run(transpile(circuits, backend)): {problem}.")
            continue
        root = root_of(call.func)
        transpile = f"{root.value}.transpile" if root is not None and root is not call.func else "transpile"
        source.change(call, _run_edit(transpile), _EXECUTE)
        source.replaced.update(node for node in (call.func, root) if node is not None)


def _problem_of_execute(source: Source, call: cst.Call) -> str | None:
    names = [given.keyword.value for given in call.args if given.keyword is not None]
    unknown = [name for name in names if name in _OF_NOBODY]
    backend = argument(call.args, "backend", 1)
    root = root_of(call.func)
    # In the order in which they are said.
    problems = {
        "the arguments behind the stars have to be divided between the two by hand": any(
            given.star for given in call.args
        ),
        f"neither of the two takes {', '.join(unknown)}": bool(unknown),
        "arguments behind the first two need keywords": len(call.args) - len(names) > 2,
        "circuits and backend are not written out here": backend is None
        or argument(call.args, "experiments", 0) is None,
        "the backend is needed twice, so give it a name first": backend is not None
        and not _may_be_repeated(backend.value),
        "transpile is the name of something else here": root is call.func
        and source.is_taken("transpile", "qiskit.transpile", "qiskit.compiler.transpile"),
        "import transpile from qiskit": root is not None and root is not call.func and source.name_of(root) != "qiskit",
    }
    return next((problem for problem, is_there in problems.items() if is_there), None)


def _may_be_repeated(backend: cst.BaseExpression) -> bool:
    """Return whether evaluating an expression twice makes no difference: names, and devices by their names."""
    if root_of(backend) is not None:
        return True
    return (
        isinstance(backend, cst.Call)
        and isinstance(backend.func, cst.Attribute)
        and backend.func.attr.value == "get_backend"
        and root_of(backend.func) is not None
        and all(text_of(given.value) is not None for given in backend.args)
    )


def _run_edit(transpile: str) -> Edit:
    def edit(updated: cst.CSTNode) -> Edited:
        if not isinstance(updated, cst.Call):
            raise TypeError("a call stays one")
        circuits, backend = argument(updated.args, "experiments", 0), argument(updated.args, "backend", 1)
        if circuits is None or backend is None:
            raise ValueError("execute() has circuits and a backend")
        others = [given for given in updated.args if given not in (circuits, backend)]
        for_transpile = [given for given in others if _keyword_of(given) in _OF_TRANSPILE]
        inner = cst.Call(dotted(transpile), _tidy([cst.Arg(circuits.value), cst.Arg(backend.value), *for_transpile]))
        arguments = [updated.args[0].with_changes(value=inner, keyword=None, equal=cst.MaybeSentinel.DEFAULT)]
        arguments += [given for given in others if given not in for_transpile]
        # Arguments that were on lines of their own stay there.
        last = updated.args[-1]
        arguments[-1] = arguments[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
        run = cst.Attribute(backend.value.deep_clone(), cst.Name("run"))
        return updated.with_changes(func=run, args=arguments)

    return edit


def _keyword_of(given: cst.Arg) -> str:
    return given.keyword.value if given.keyword is not None else ""


def _tidy(arguments: Sequence[cst.Arg]) -> list[cst.Arg]:
    """Return arguments on one line."""
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    plain = [given.with_changes(comma=comma, whitespace_after_arg=cst.SimpleWhitespace("")) for given in arguments]
    return [*plain[:-1], plain[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)]


def rewrite_ibmq(source: Source) -> list[Wanted]:
    """Ask for IBMProvider in place of IBMQ; return modules to import, and behind which statement."""
    wanted: list[Wanted] = []
    for call in source.all(cst.Call):
        name = source.name_of(call.func)
        stem, _, method = (name or "").rpartition(".")
        if REPLACED.get(stem) != (NEW, "IBMProvider") or not isinstance(call.func, cst.Attribute):
            continue
        if method not in _IBMQ_METHODS or source.is_taken("IBMProvider", f"{OLD}.IBMProvider", f"{NEW}.IBMProvider"):
            source.leave(call, f"{_IBMQ} {_IBMQ_ADVICE.get(method, 'Use IBMProvider of qiskit_ibm_native')}.")
            continue
        callee, positional = _IBMQ_METHODS[method]
        statement = source.import_of(call.func)
        if isinstance(statement, cst.Import):
            callee = f"{NEW}.{callee}"
            wanted.append((statement, NEW, ""))
        elif statement is not None and (
            isinstance(statement.names, cst.ImportStar) or not isinstance(call.func.value, cst.Name)
        ):
            wanted.append((statement, NEW, "IBMProvider"))
        arguments, reasons, _ = adapted(call.args, positional)
        reasons += [KEY_IS_NEEDED] if "account" in method and arguments else []
        source.change(call, _provider_edit(callee, arguments, call.args), " ".join([_IBMQ, *reasons]))
        root = root_of(call.func)
        source.replaced.update(node for node in (call.func, call.func.value, root) if node is not None)
    return wanted


def _provider_edit(callee: str, arguments: Sequence[cst.Arg], former: Sequence[cst.Arg]) -> Edit:
    replace_arguments = replacing_arguments(arguments, former)

    def edit(updated: cst.CSTNode) -> Edited:
        changed = replace_arguments(updated)
        if not isinstance(changed, cst.Call):
            raise TypeError("a call stays one")
        return changed.with_changes(func=dotted(callee))

    return edit


def rewrite_circuits(source: Source) -> None:
    """Ask for today's names of methods of circuits."""
    if not source.imports_within("qiskit", OLD):
        return
    for call in source.all(cst.Call):
        if not isinstance(call.func, cst.Attribute) or source.name_of(call.func) is not None:
            continue
        method = call.func.attr.value
        if method in _CIRCUIT_METHODS:
            new = _CIRCUIT_METHODS[method]
            source.change(call.func.attr, _to_name(new), f"Circuits have {new}() for {method}().")
        elif method in _CIRCUIT_ADVICE:
            source.leave(call, f"Circuits have no {method}() any more. {_CIRCUIT_ADVICE[method]}.")


def rewrite_backends(source: Source) -> None:
    """Ask for names of backends as attributes, and report devices that were shut down."""
    if not is_of_2023(source):
        return
    backends = _names_of_backends(source)
    for call in source.all(cst.Call):
        if not isinstance(call.func, cst.Attribute):
            continue
        method, owner = call.func.attr.value, call.func.value
        if method == "name" and not call.args and isinstance(owner, cst.Name) and owner.value in backends:
            source.change(call, _without_call, "The name of a backend is an attribute.")
        for given in call.args[:1] if method == "get_backend" else ():
            _check_device(source, call, text_of(given.value))
    for node in source.all(cst.Attribute):
        if isinstance(node.value, cst.Attribute) and node.value.attr.value == "backend":
            _check_device(source, node, node.attr.value)


def _to_name(name: str) -> Edit:
    def edit(_: cst.CSTNode) -> Edited:
        return cst.Name(name)

    return edit


def _without_call(updated: cst.CSTNode) -> Edited:
    if not isinstance(updated, cst.Call):
        raise TypeError("a call stays one")
    return updated.func


def _check_device(source: Source, node: cst.CSTNode, device: str | None) -> None:
    if device is None or not device.startswith(("ibmq_", "simulator_")):
        return
    from ..snapshot import bundled_devices

    bundled = device.removeprefix("ibmq_") in bundled_devices()
    local = device if bundled else "local_simulator"
    what = "simulates it with the noise of its last calibration" if bundled else "simulates circuits on this machine"
    source.leave(
        node, f'{device} was shut down. IBMProvider(channel="local").get_backend("{local}") {what}; provider.backends()'
        " has the devices of today."
    )  # fmt: skip


def _names_of_backends(source: Source) -> set[str]:
    names = set()
    for node in source.all(cst.Assign):
        if _method_of(node.value) in ("get_backend", "least_busy"):
            names |= {target.target.value for target in node.targets if isinstance(target.target, cst.Name)}
    loops: list[cst.For | cst.CompFor] = [*source.all(cst.For), *source.all(cst.CompFor)]
    for loop in loops:
        if isinstance(loop.target, cst.Name) and _method_of(loop.iter) == "backends":
            names.add(loop.target.value)
    return names


def _method_of(node: cst.BaseExpression) -> str | None:
    if not isinstance(node, cst.Call):
        return None
    called = node.func
    if isinstance(called, cst.Attribute):
        return called.attr.value
    return called.value if isinstance(called, cst.Name) else None
